using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>Remembers what it was told, and refuses personas called "refused" as a kernel would.</summary>
internal sealed class FakeDataplane : IDataplane
{
    private uint _epoch;

    public RealisedState Realised { get; private set; } = new(0, 0, null, 0);

    public List<ulong> Applied { get; } = [];

    public List<IReadOnlyList<FailsafeFlow>> Failsafes { get; } = [];

    public RealisedState Apply(ulong generation, Persona? persona)
    {
        if (persona?.Name == "refused")
        {
            throw new ApplyException("KERNEL", "no room");
        }

        Applied.Add(generation);
        return Realised = new RealisedState(generation, ++_epoch, persona?.Name, persona?.Revision ?? 0);
    }

    public void SetFailsafe(IReadOnlyList<FailsafeFlow> flows) => Failsafes.Add(flows);
}
