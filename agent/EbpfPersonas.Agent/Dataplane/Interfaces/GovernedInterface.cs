namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>What is known of one interface of this network namespace. Written by one thread.</summary>
internal sealed class GovernedInterface(int index, bool existed, LinkPackets packetsElsewhere)
{
    private volatile FilteredInterface? _now;

    public int Index => index;

    /// <summary>Whether it was there before us.</summary>
    public bool Existed => existed;

    /// <summary>What it had counted when it came: in another network namespace.</summary>
    public LinkPackets PacketsElsewhere => packetsElsewhere;

    /// <summary>Whether a process before us had filtered it.</summary>
    public bool Adopted { get; set; }

    /// <summary>Null where it has no filter.</summary>
    public InterfaceHook? Hook { get; set; }

    /// <summary>For other threads; null where it has no filter.</summary>
    public FilteredInterface? Now
    {
        get => _now;
        set => _now = value;
    }
}
