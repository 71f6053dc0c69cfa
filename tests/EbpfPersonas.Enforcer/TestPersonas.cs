using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Enforcer;

/// <summary>
/// Personas that agree on the ports that the traffic of a test uses and on nothing else: whichever is in force, the
/// same flows pass. A mixture of two would be noticed by the rules that only one has.
/// </summary>
public static class TestPersonas
{
    /// <summary>Flows to this port pass, both ways.</summary>
    public const ushort AllowedPort = 5001;

    private const int Count = 3;

    /// <summary>Each with a name and revision of its own.</summary>
    public static IReadOnlyList<Persona> All { get; } = [.. Enumerable.Range(0, Count).Select(Make)];

    /// <summary>The one that the desired state of this number brings.</summary>
    public static Persona Of(ulong generation) => All[(int)(generation % Count)];

    private static Persona Make(int number) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"persona-{number}"),
        Revision = (ulong)number + 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [.. Others(number), Allow("in", Direction.Ingress), Allow("out", Direction.Egress)],
    };

    /// <summary>Rules for addresses that nobody has: as many lines as make an apply take its time.</summary>
    private static ImmutableArray<Rule> Others(int number) =>
    [
        .. Enumerable.Range(0, 50 + (number * 25)).Select(i =>
            Allow(string.Create(CultureInfo.InvariantCulture, $"other-{i}"), Direction.Egress) with
            {
                Peers = [new Prefix(new IpAddress(false, (UInt128)(0xc6336400 + i)), 32)],
                Ports = [new PortRange((ushort)(1000 + number), (ushort)(1000 + number))],
            }),
    ];

    private static Rule Allow(string id, Direction direction) => new()
    {
        Id = id,
        Direction = direction,
        Action = RuleAction.Allow,
        List = RuleList.FirewallRules,
        Priority = 500,
        Ports = [new PortRange(AllowedPort, AllowedPort)],
    };
}
