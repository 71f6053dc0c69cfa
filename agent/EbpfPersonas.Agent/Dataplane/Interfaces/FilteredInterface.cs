namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>An interface with our filter, as it was at one moment.</summary>
public sealed record FilteredInterface
{
    /// <summary>The interface's index in this network namespace.</summary>
    public required int Index { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How the filter hangs.</summary>
    public required AttachMode Mode { get; init; }

    /// <summary>When the filter was attached; where an earlier process had done so, when it was taken over.</summary>
    public required DateTimeOffset AttachedAt { get; init; }

    /// <summary>
    /// Whether the interface was there before us: what passed before is no gap of ours. Otherwise it appeared later.
    /// </summary>
    public required bool Existed { get; init; }

    /// <summary>
    /// Packets that passed before the filter was there, since the interface appeared or, where it existed before us,
    /// since it was made. None where an earlier process had filtered it. Rather some too many than one too few: packets
    /// that passed while we attached are among them.
    /// </summary>
    public required LinkPackets PacketsBefore { get; init; }

    /// <summary>How often somebody had removed, replaced or bypassed the filter, and it was put right.</summary>
    public int Repairs { get; init; }
}
