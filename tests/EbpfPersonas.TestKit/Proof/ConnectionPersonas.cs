using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// Personas under which the same connections go on, are cut, or would be: clients of <see cref="ServerPort"/> and
/// servers of <see cref="OwnPort"/>.
/// </summary>
public static class ConnectionPersonas
{
    /// <summary>The port of other hosts.</summary>
    public const ushort ServerPort = 443;

    /// <summary>The VM's.</summary>
    public const ushort OwnPort = 22;

    /// <summary>The first lets both pass; null is none.</summary>
    public static ImmutableArray<Persona?> All { get; } =
    [
        Make("both", Egress("web"), Ingress("ssh")),
        Make("client", Egress("web-too")),
        Make("server", Ingress("ssh-too")),
        Make("refuses", Egress("no-web", RuleAction.Reject), Ingress("no-ssh", RuleAction.Reject)),
        Make("watches", Egress("web-watched") with { Mode = EnforcementMode.Audit, Action = RuleAction.Deny },
            Egress("web"), Ingress("ssh")),
        Make("audit", Ingress("ssh")) with { Mode = EnforcementMode.Audit },
        Make("keeps") with { KeepEstablished = true },
        null,
    ];

    private static Persona Make(string name, params ImmutableArray<Rule> rules) => new()
    {
        Name = name,
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = rules,
    };

    private static Rule Egress(string id, RuleAction action = RuleAction.Allow) =>
        Make(id, Direction.Egress, ServerPort, action);

    private static Rule Ingress(string id, RuleAction action = RuleAction.Allow) =>
        Make(id, Direction.Ingress, OwnPort, action);

    private static Rule Make(string id, Direction direction, ushort port, RuleAction action) => new()
    {
        Id = id,
        Direction = direction,
        Action = action,
        List = RuleList.FirewallRules,
        Protocol = IpProtocol.Tcp,
        Ports = [new PortRange(port, port)],
    };
}
