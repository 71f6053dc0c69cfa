using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>What the disk says at the start, read once and before the datapath is loaded.</summary>
/// <param name="Kept">All generations, usable or not.</param>
/// <param name="Baseline">The VM's own persona.</param>
/// <param name="BootId">The boot that runs.</param>
internal sealed record StartState(IReadOnlyList<KeptState> Kept, Baseline Baseline, string BootId)
{
    /// <summary>Every persona that a datapath which is there already may be running.</summary>
    public IReadOnlyList<Persona> Known =>
        [.. Kept.Select(kept => kept.Persona).Append(Baseline.Persona).OfType<Persona>()];

    /// <summary>
    /// What to put in force where nothing is, the best first. What was only applied is not among it after a reboot: the
    /// machine may have been restarted because of it.
    /// </summary>
    public IEnumerable<KeptState> Candidates =>
        from name in (StateName[])[StateName.Applied, StateName.Confirmed, StateName.Previous]
        let kept = Of(name)
        where kept.State is { } state && (name != StateName.Applied || state.BootId == BootId)
        select kept;

    /// <summary>
    /// What should be there and is not usable. A file that was never written is not missed, and neither is a pending
    /// state, which is only there for a moment.
    /// </summary>
    public IEnumerable<KeptState> Faults => Kept.Where(kept => kept.Fault switch
    {
        null => false,
        StateFault.Missing => kept.Name == StateName.Confirmed && Of(StateName.Previous).Fault != StateFault.Missing,
        _ => kept.Name != StateName.Pending,
    });

    /// <summary>One generation.</summary>
    public KeptState Of(StateName name) => Kept.First(kept => kept.Name == name);

    /// <summary>Whether <paramref name="state"/> is known to have let the controller through.</summary>
    public bool IsConfirmed(KeptState state) =>
        state.Name is StateName.Confirmed or StateName.Previous
        || (Of(StateName.Confirmed).State is { } confirmed
            && confirmed.ControllerId == state.State?.ControllerId
            && confirmed.Desired.Equals(state.State.Desired));
}
