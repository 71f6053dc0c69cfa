using System.Text;
using System.Text.Json;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>A status for programs: the same as one JSON object.</summary>
internal static class StatusJson
{
    /// <summary>The object, indented.</summary>
    public static string Write(StatusReport report)
    {
        using var octets = new MemoryStream();
        using (var json = new Utf8JsonWriter(octets, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("vm_id", report.VmId);
            json.WriteBoolean("enforced", report.Enforced);
            json.WriteString("held", report.Hold.ToString().ToLowerInvariant());
            json.WriteString("held_note", report.HoldNote);
            json.WriteBoolean("agent_running", report.Agent is not null);
            WriteTime(json, "last_contact", report.LastContact);
            json.WriteNumber("undelivered_break_glass", report.Undelivered);
            WriteStrings(json, "pinned_links", report.Pinned.Links);
            WriteStrings(json, "pinned_layouts", report.Pinned.Layouts);
            WriteKept(json, report.Kept);
            WriteBaseline(json, report.Baseline);
            WriteRollbacks(json, report.Rollbacks);
            WriteAgent(json, report);
            WriteKernel(json, report.Kernel);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(octets.ToArray());
    }

    private static void WriteKept(Utf8JsonWriter json, IEnumerable<KeptState> states)
    {
        json.WriteStartObject("disk");
        foreach (var kept in states)
        {
            json.WriteStartObject(kept.Name.ToString().ToLowerInvariant());
            if (kept.State is { } state)
            {
                json.WriteNumber("generation", state.Desired.Generation);
                json.WriteString("persona", kept.Persona?.Name);
                json.WriteNumber("revision", kept.Persona?.Revision ?? 0);
                json.WriteString("controller_id", state.ControllerId);
                json.WriteString("boot_id", state.BootId);
            }
            else
            {
                json.WriteString("fault", kept.Fault.ToString()!.ToLowerInvariant());
                json.WriteString("message", kept.Message);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteBaseline(Utf8JsonWriter json, Baseline baseline)
    {
        json.WriteStartObject("baseline");
        json.WriteString("path", baseline.Path);
        json.WriteString("persona", baseline.Persona?.Name);
        WriteStrings(json, "errors", baseline.Errors);
        json.WriteEndObject();
    }

    private static void WriteRollbacks(Utf8JsonWriter json, IEnumerable<RolledBack> rollbacks)
    {
        json.WriteStartArray("rollbacks");
        foreach (var one in rollbacks)
        {
            json.WriteStartObject();
            json.WriteString("persona", one.Persona.Persona);
            json.WriteNumber("revision", one.Persona.Revision);
            json.WriteNumber("count", one.Count);
            json.WriteBoolean("quarantined", one.IsQuarantined);
            json.WriteString("at", one.Time);
            json.WriteString("reason", one.Reason.Word());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteAgent(Utf8JsonWriter json, StatusReport report)
    {
        if (report.Agent is not { } agent)
        {
            json.WriteNull("agent");
            return;
        }

        json.WriteStartObject("agent");
        json.WriteString("attach", agent.AttachMode);
        json.WriteBoolean("controller_connected", agent.ControllerConnected);
        json.WriteString("persona", agent.Realised.Persona);
        json.WriteNumber("revision", agent.Realised.Revision);
        json.WriteNumber("generation", agent.Realised.Generation);
        json.WriteNumber("epoch", agent.Realised.Epoch);
        json.WriteNumber("conntrack_entries", agent.ConntrackEntries);
        WritePackets(json, agent.Verdicts);
        json.WriteStartArray("conditions");
        foreach (var condition in agent.Conditions)
        {
            json.WriteStartObject();
            json.WriteString("type", condition.Type);
            json.WriteString("message", condition.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteKernel(Utf8JsonWriter json, KernelReport? kernel)
    {
        if (kernel is null)
        {
            json.WriteNull("kernel");
            return;
        }

        json.WriteStartObject("kernel");
        json.WriteString("unreadable", kernel.Unreadable);
        json.WriteStartArray("interfaces");
        foreach (var filter in kernel.Filters)
        {
            json.WriteStartObject();
            json.WriteString("name", filter.Interface);
            json.WriteString("ingress", filter.Ingress?.ToString().ToLowerInvariant());
            json.WriteString("egress", filter.Egress?.ToString().ToLowerInvariant());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (kernel.Maps is { } maps)
        {
            json.WriteString("layout", maps.Layout);
            if (maps.State is { } state)
            {
                json.WriteString("persona", state.Persona);
                json.WriteNumber("revision", state.Revision);
                json.WriteNumber("generation", state.Generation);
                json.WriteNumber("epoch", state.Epoch);
            }

            json.WriteNumber("confirmed_flows", maps.ConfirmedFlows);
            json.WriteNumber("new_flows", maps.NewFlows);
            if (maps.Verdicts is { } verdicts)
            {
                WritePackets(json, VerdictTotals.Of(verdicts));
            }
        }

        json.WriteEndObject();
    }

    private static void WritePackets(Utf8JsonWriter json, IEnumerable<VerdictTotal> totals)
    {
        json.WriteStartArray("packets");
        foreach (var total in totals)
        {
            json.WriteStartObject();
            json.WriteString("direction", total.Direction);
            json.WriteString("verdict", total.Verdict);
            json.WriteString("reason", total.Reason);
            json.WriteNumber("packets", total.Packets);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteString(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
