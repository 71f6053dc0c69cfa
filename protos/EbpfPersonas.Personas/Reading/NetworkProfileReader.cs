using System.Collections.Immutable;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads <c>network_profile</c>.</summary>
internal static class NetworkProfileReader
{
    private static readonly (string Name, RuleList List, Direction Direction)[] Lists =
    [
        ("denied_ingress", RuleList.Denied, Direction.Ingress),
        ("denied_egress", RuleList.Denied, Direction.Egress),
        ("allowed_ingress", RuleList.Allowed, Direction.Ingress),
        ("allowed_egress", RuleList.Allowed, Direction.Egress),
    ];

    public static NetworkProfileDocument? Read(Field field, RuleScope scope)
    {
        if (field.Object(
            "default_action", "allowed_ingress", "allowed_egress", "denied_ingress", "denied_egress",
            "firewall_rules", "qos")
            is not { } members)
        {
            return null;
        }

        var reader = new RuleReader(scope);
        var rules = ImmutableArray.CreateBuilder<RuleDocument?>();
        if (members["firewall_rules"] is { } ordered)
        {
            rules.AddRange(scope.Items(ordered).Select(reader.ReadOrdered));
        }

        foreach (var (name, list, direction) in Lists)
        {
            if (members[name] is { } listed)
            {
                rules.AddRange(scope.Items(listed).Select(item => reader.ReadListed(item, list, direction)));
            }
        }

        var defaults = members["default_action"]?.Object("ingress", "egress");
        return new NetworkProfileDocument(
            ReadAction(defaults?["ingress"]),
            ReadAction(defaults?["egress"]),
            members["allowed_ingress"] is not null,
            members["allowed_egress"] is not null,
            [.. rules.OfType<RuleDocument>()],
            members["qos"] is { } qos ? QosReader.Read(qos) : null);
    }

    private static RuleAction? ReadAction(Field? field) =>
        field?.Word(("allow", RuleAction.Allow), ("deny", RuleAction.Deny));
}
