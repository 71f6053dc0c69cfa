using System.Globalization;
using EbpfPersonas.Agent.Abi;
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
            Verdicts =
            {
                counters.Verdicts
                    .GroupBy(count => (count.Key.Direction, count.Key.Verdict, count.Key.Reason))
                    .OrderBy(group => group.Key)
                    .Select(group => new V1.VerdictTotal
                    {
                        Direction = group.Key.Direction.Word(),
                        Verdict = group.Key.Verdict.Word(),
                        Reason = group.Key.Reason.Word(),
                        Packets = group.Aggregate(0ul, (sum, count) => sum + count.Value.Packets),
                    }),
            },
        };
    }
}
