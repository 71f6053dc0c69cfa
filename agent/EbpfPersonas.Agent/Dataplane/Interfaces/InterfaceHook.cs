using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// The two filters of one interface, ingress and egress. All methods throw <see cref="BpfException"/>, ENODEV where the
/// interface is gone.
/// </summary>
internal abstract class InterfaceHook
{
    /// <summary>
    /// Puts both in place; true where an earlier process had left both and they run our programs now. Where it throws,
    /// nothing is there that was not there before.
    /// </summary>
    public abstract bool Attach();

    /// <summary>The first thing that is wrong.</summary>
    public abstract FilterFault FindFault();

    /// <summary>Puts everything right.</summary>
    public abstract void Repair();

    /// <summary>Removes both for good.</summary>
    public abstract void Remove();

    /// <summary>Lets go of them; where they are pinned, or hang in a qdisc, they go on.</summary>
    public abstract void Release();
}
