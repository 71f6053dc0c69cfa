using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>Remembers what it was told, and refuses personas called "refused" as a kernel would.</summary>
internal sealed class FakeDataplane : IDataplane
{
    private uint _epoch;

    public RealisedState Realised { get; private set; } = new(0, 0, null, 0);

    /// <summary>Everything that was done, in order.</summary>
    public List<string> Steps { get; } = [];

    public bool Attached { get; private set; }

    public List<ulong> Applied { get; } = [];

    public List<IReadOnlyList<FailsafeFlow>> Failsafes { get; } = [];

    public RealisedState Apply(ulong generation, Persona? persona, Staging? staging = null)
    {
        if (persona?.Name == "refused")
        {
            throw new ApplyException("KERNEL", "no room");
        }

        Applied.Add(generation);
        Steps.Add($"apply {persona?.Name ?? "none"}");
        return Realised = new RealisedState(generation, ++_epoch, persona?.Name, persona?.Revision ?? 0);
    }

    /// <summary>As if an earlier agent had left it.</summary>
    public void Leave(ulong generation, uint epoch, string? persona, ulong revision) =>
        Realised = new RealisedState(generation, _epoch = epoch, persona, revision);

    public IReadOnlySet<PersonaRevision> HeldBack { get; private set; } = new HashSet<PersonaRevision>();

    /// <summary>So many times more it cannot hold back anything.</summary>
    public int Faults { get; set; }

    public void HoldBack(IReadOnlySet<PersonaRevision> barred) => HeldBack = Faults-- <= 0
        ? barred
        : throw new InvalidOperationException("not now");

    /// <summary>As if its kernel had switched.</summary>
    public RealisedState Switch(string? persona, ulong revision = 1) =>
        Realised = new RealisedState(Realised.Generation, ++_epoch, persona, persona is null ? 0 : revision);

    public AttachMode Attach()
    {
        Steps.Add("attach");
        Attached = true;
        return AttachMode.Tcx;
    }

    public void Detach()
    {
        Steps.Add("detach");
        Attached = false;
    }

    public void SetFailsafe(IReadOnlyList<FailsafeFlow> flows)
    {
        Steps.Add("failsafe");
        Failsafes.Add(flows);
    }
}
