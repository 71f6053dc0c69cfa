using System.Text;
using System.Text.Json;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>
/// A persona as the document that a client would have sent, so that what was found by chance can become a case folder.
/// </summary>
public static class PersonaJson
{
    public static string Write(Persona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("name", persona.Name);
            json.WriteStartObject("network_profile");
            json.WriteStartObject("default_action");
            json.WriteString("ingress", Word(persona.DefaultIngress));
            json.WriteString("egress", Word(persona.DefaultEgress));
            json.WriteEndObject();
            WriteList(json, "firewall_rules", persona, rule => rule.List == RuleList.FirewallRules);
            foreach (var direction in new[] { Direction.Ingress, Direction.Egress })
            {
                var word = direction == Direction.Ingress ? "ingress" : "egress";
                WriteList(
                    json, $"denied_{word}", persona,
                    rule => rule.List == RuleList.Denied && rule.Direction == direction);
                WriteList(
                    json, $"allowed_{word}", persona,
                    rule => rule.List == RuleList.Allowed && rule.Direction == direction);
            }

            json.WriteEndObject();
            if (persona.Mode == EnforcementMode.Audit)
            {
                json.WriteStartObject("lifecycle");
                json.WriteString("enforcement_mode", "audit");
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteList(Utf8JsonWriter json, string name, Persona persona, Func<Rule, bool> belongs)
    {
        var rules = persona.Rules.Where(belongs).ToArray();
        if (rules.Length == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var rule in rules)
        {
            WriteRule(json, rule);
        }

        json.WriteEndArray();
    }

    private static void WriteRule(Utf8JsonWriter json, Rule rule)
    {
        json.WriteStartObject();
        json.WriteString("name", rule.Id);
        if (rule.List == RuleList.FirewallRules)
        {
            json.WriteString("direction", rule.Direction == Direction.Ingress ? "ingress" : "egress");
            json.WriteString("action", Word(rule.Action));
            json.WriteNumber("priority", rule.Priority);
        }

        WriteProtocol(json, rule.Protocol);
        WriteTexts(json, "ports", rule.Ports.Select(range => $"{range.First}-{range.Last}"));
        if (rule.Icmp is { } icmp)
        {
            json.WriteStartObject("icmp");
            WriteNumber(json, "type", icmp.Type);
            WriteNumber(json, "code", icmp.Code);
            json.WriteEndObject();
        }

        WriteTexts(
            json,
            rule.Direction == Direction.Ingress ? "source" : "destination",
            rule.Peers.Select(peer => peer.ToString()));
        WriteTexts(json, "except", rule.Except.Select(except => except.ToString()));
        if (rule.Mode == EnforcementMode.Audit)
        {
            json.WriteString("mode", "audit");
        }

        json.WriteEndObject();
    }

    private static void WriteProtocol(Utf8JsonWriter json, byte? protocol)
    {
        if (protocol is { } number)
        {
            json.WriteNumber("protocol", number);
        }
        else
        {
            json.WriteString("protocol", "any");
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, byte? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        var all = texts.ToArray();
        if (all.Length == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var text in all)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static string Word(RuleAction action) => action switch
    {
        RuleAction.Allow => "allow",
        RuleAction.Deny => "deny",
        _ => "reject",
    };
}
