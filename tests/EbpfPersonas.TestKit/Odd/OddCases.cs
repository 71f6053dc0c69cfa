using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>
/// Everything odd that we know of. The VM has 10.0.0.5, 2001:db8::5 and fe80::5; ports are each case's own, so no case
/// meets the flow of another one.
/// </summary>
public static class OddCases
{
    /// <summary>The one port that the persona denies, in both directions.</summary>
    public const int DeniedPort = 4444;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<OddCase> All { get; } =
    [
        .. OddIpv4.Cases, .. OddIpv6.Cases, .. OddTransport.Cases, .. OddFragments.Cases, .. OddAddresses.Cases,
        .. OddNeighbours.Cases, .. OddPassing.Cases,
    ];

    /// <summary>Allows everything but <see cref="DeniedPort"/>.</summary>
    public static Persona Persona { get; } = new()
    {
        Name = "odd",
        Revision = 1,
        DefaultIngress = RuleAction.Allow,
        DefaultEgress = RuleAction.Allow,
        Rules = [Deny(Direction.Ingress), Deny(Direction.Egress)],
    };

    /// <summary>One frame of each.</summary>
    internal static OddCase In(
        string name, Reason reason, byte[] bad, byte[] good, Reason passes = Reason.DefaultAllow) =>
        Case(Direction.Ingress, name, reason, [bad], [good], passes);

    /// <summary>One frame of each.</summary>
    internal static OddCase Out(
        string name, Reason reason, byte[] bad, byte[] good, Reason passes = Reason.DefaultAllow) =>
        Case(Direction.Egress, name, reason, [bad], [good], passes);

    /// <summary>Frames in a row.</summary>
    internal static OddCase Case(
        Direction direction,
        string name,
        Reason reason,
        IReadOnlyList<byte[]> bad,
        IReadOnlyList<byte[]> good,
        Reason passes = Reason.DefaultAllow) =>
        new() { Name = name, Direction = direction, Bad = bad, Reason = reason, Good = good, Passes = passes };

    private static Rule Deny(Direction direction) => new()
    {
        Id = direction.ToString(),
        Direction = direction,
        Action = RuleAction.Deny,
        List = RuleList.FirewallRules,
        Protocol = null,
        Ports = [new PortRange(DeniedPort, DeniedPort)],
    };
}
