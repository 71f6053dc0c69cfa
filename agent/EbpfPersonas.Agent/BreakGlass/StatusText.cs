using System.Globalization;
using System.Text;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>A status for people: a word in front of each line, what it means behind it.</summary>
internal static class StatusText
{
    /// <summary>All lines, the most important first.</summary>
    public static string Write(StatusReport report)
    {
        var text = new StringBuilder();
        Line(text, "vm", report.VmId);
        Line(text, "enforced", Enforced(report));
        if (report.Hold != HoldKind.None)
        {
            Line(text, "held", $"{report.Hold.ToString().ToLowerInvariant()}. {report.HoldNote}");
        }

        Line(text, "agent", report.Agent is null ? "does not run, or does not answer" : "running");
        Line(text, "controller", Controller(report));
        Line(text, "pinned", Pinned(report));
        foreach (var kept in report.Kept.Where(kept => kept.Fault != StateFault.Missing))
        {
            Line(text, kept.Name.ToString().ToLowerInvariant(), Kept(kept));
        }

        Line(text, "baseline", BaselineOf(report.Baseline));
        foreach (var one in report.Rollbacks)
        {
            Line(text, "rollback", Rollback(one));
        }

        if (report.Undelivered > 0)
        {
            Line(text, "audit", Invariant($"{report.Undelivered} uses of break glass are not delivered yet"));
        }

        foreach (var filter in report.Kernel?.Filters ?? [])
        {
            Line(text, "filter", $"{filter.Interface}: {Filter(filter)}");
        }

        if (report.Kernel?.Maps is { } maps)
        {
            Line(text, "flows", Invariant($"{maps.ConfirmedFlows} confirmed, {maps.NewFlows} not yet"));
            WritePackets(text, maps.Verdicts is { } verdicts ? VerdictTotals.Of(verdicts) : []);
            if (maps.Verdicts is null)
            {
                Line(text, "packets", $"another version of the agent counts them, in {maps.Layout}");
            }
        }

        if (report.Agent is { } agent)
        {
            Line(text, "flows", Invariant($"{agent.ConntrackEntries} remembered"));
            WritePackets(text, agent.Verdicts);
            foreach (var condition in agent.Conditions)
            {
                Line(text, "condition", $"{condition.Type}: {condition.Message}");
            }
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string Enforced(StatusReport report) => report switch
    {
        { Enforced: false, Kernel.Unreadable: { } why } => $"not known: {why}",
        { Enforced: false } => "nothing: no filter is attached",
        { Agent: { Realised: { Persona.Length: > 0 } realised } agent } => Invariant(
            $"persona {realised.Persona} revision {realised.Revision}, generation {realised.Generation}, ")
            + Invariant($"epoch {realised.Epoch}, by {agent.AttachMode}"),
        { Agent: { } agent } => $"no persona, everything passes; filters by {agent.AttachMode}",
        { Kernel.Maps.State: { Persona: { } persona } state } => Invariant(
            $"persona {persona} revision {state.Revision}, generation {state.Generation}, ")
            + Invariant($"epoch {state.Epoch}, by the kernel alone"),
        { Kernel.Maps.State: not null } => "no persona, everything passes; filters by the kernel alone",
        _ => "by the kernel alone, what was in force when the agent ended; "
            + (report.Kernel?.Unreadable ?? "no pinned map tells what"),
    };

    private static string Rollback(RolledBack one) =>
        Invariant($"persona {one.Persona.Persona} revision {one.Persona.Revision} was not confirmed in time, ")
        + Invariant($"{one.Count} times, at {one.Time:yyyy-MM-dd'T'HH:mm:ss'Z'} ({one.Reason.Word()})")
        + (one.IsQuarantined ? "; it is quarantined until a later revision comes" : "");

    private static string Filter(HangingFilter filter) => (filter.Ingress, filter.Egress) switch
    {
        (null, null) => "none",
        (null, { } egress) => $"only egress, {Word(egress)}",
        ({ } ingress, null) => $"only ingress, {Word(ingress)}",
        ({ } ingress, { } egress) when ingress == egress => Word(ingress),
        ({ } ingress, { } egress) => $"ingress {Word(ingress)}, egress {Word(egress)}",
    };

    private static string Word(AttachMode mode) => mode.ToString().ToLowerInvariant();

    private static void WritePackets(StringBuilder text, IEnumerable<VerdictTotal> totals)
    {
        foreach (var total in totals)
        {
            Line(text, "packets", Invariant($"{total.Direction} {total.Verdict} {total.Reason}: {total.Packets}"));
        }
    }

    private static string Controller(StatusReport report) => report switch
    {
        { Agent.ControllerConnected: true } => "connected",
        { LastContact: { } last } => Invariant($"not connected, heard of at {last:yyyy-MM-dd'T'HH:mm:ss'Z'}"),
        _ => "never heard of",
    };

    private static string Pinned(StatusReport report) => report.PinDirectory is null
        ? "nothing, as pin_root says: the filters end with the agent"
        : Invariant($"{report.Pinned.Links.Count} links ({string.Join(", ", report.Pinned.Links)}) and ")
            + $"{string.Join(", ", report.Pinned.Layouts)} in {report.PinDirectory}";

    private static string Kept(KeptState kept) => kept.State is { } state
        ? Invariant($"generation {state.Desired.Generation}, persona {kept.Persona?.Name ?? "none"} ")
            + Invariant($"revision {kept.Persona?.Revision ?? 0}")
        : kept.Message;

    private static string BaselineOf(Baseline baseline) =>
        baseline.Path is null ? "none is configured"
        : baseline.Persona is { } persona ? $"{baseline.Path}: persona {persona.Name}"
        : string.Join("; ", baseline.Errors);

    private static void Line(StringBuilder text, string word, string meaning) =>
        text.Append(CultureInfo.InvariantCulture, $"{word,-11}{meaning}\n");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
