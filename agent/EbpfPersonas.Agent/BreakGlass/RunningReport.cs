using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using Google.Protobuf.WellKnownTypes;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>What the running agent knows of itself, for the status command.</summary>
internal sealed class RunningReport(
    PersonaDataplane dataplane,
    DesiredStateApplier applier,
    ControllerLink link,
    ControllerContact contact,
    AgentConditions conditions,
    Hold hold)
{
    /// <summary>At this moment, counters read from the kernel.</summary>
    public V1.AgentReport Read()
    {
        var counters = dataplane.ReadCounters();
        var attached = hold.Kind != HoldKind.Detached && dataplane.Mode != AttachMode.Auto;
        return new V1.AgentReport
        {
            Realised = applier.Realised,
            Conditions = { conditions.ToWire() },
            AttachMode = attached ? dataplane.Mode.ToString().ToLower(CultureInfo.InvariantCulture) : string.Empty,
            ControllerConnected = link.Connected,
            LastContact = contact.Last?.ToTimestamp(),
            ConntrackEntries = (ulong)counters.ConntrackEntries,
            Verdicts = { VerdictTotals.Of(counters.Verdicts) },
        };
    }
}
