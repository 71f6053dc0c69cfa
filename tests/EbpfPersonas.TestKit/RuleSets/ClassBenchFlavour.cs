using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// The shares, in percent, that make a flavour of <see cref="ClassBenchRules"/>. They are our own, drawn after what
/// Taylor and Turner describe: access lists name many hosts and single ports, firewalls have many wildcards and port
/// ranges, IP chains are a mixture of both.
/// </summary>
public sealed record ClassBenchFlavour
{
    /// <summary>Many specific addresses and single ports.</summary>
    public static ClassBenchFlavour AccessList { get; } = new()
    {
        Name = "acl",
        Lengths = [(0, 1), (8, 1), (16, 8), (20, 5), (24, 30), (28, 10), (32, 45)],
        Nested = 65,
        Ports =
        [
            (PortClass.Wildcard, 18), (PortClass.High, 4), (PortClass.Low, 1), (PortClass.ArbitraryRange, 9),
            (PortClass.ExactMatch, 68),
        ],
        Protocols = [(IpProtocol.Tcp, 75), (IpProtocol.Udp, 15), (IpProtocol.Icmp, 4), (null, 6)],
        Allowed = 80,
    };

    /// <summary>Many wildcards, of addresses and of ports, and many ranges.</summary>
    public static ClassBenchFlavour Firewall { get; } = new()
    {
        Name = "fw",
        Lengths = [(0, 18), (8, 4), (16, 12), (20, 6), (24, 20), (28, 5), (32, 35)],
        Nested = 45,
        Ports =
        [
            (PortClass.Wildcard, 42), (PortClass.High, 12), (PortClass.Low, 5), (PortClass.ArbitraryRange, 11),
            (PortClass.ExactMatch, 30),
        ],
        Protocols = [(IpProtocol.Tcp, 52), (IpProtocol.Udp, 30), (IpProtocol.Icmp, 8), (null, 8), (50, 2)],
        Allowed = 55,
    };

    /// <summary>Between the two, with every prefix length.</summary>
    public static ClassBenchFlavour IpChain { get; } = new()
    {
        Name = "ipc",
        Lengths =
        [
            (0, 4), (8, 3), (12, 4), (14, 4), (16, 12), (18, 5), (20, 8), (22, 8), (24, 18), (26, 6), (28, 6), (30, 4),
            (32, 18),
        ],
        Nested = 75,
        Ports =
        [
            (PortClass.Wildcard, 38), (PortClass.High, 6), (PortClass.Low, 2), (PortClass.ArbitraryRange, 14),
            (PortClass.ExactMatch, 40),
        ],
        Protocols = [(IpProtocol.Tcp, 48), (IpProtocol.Udp, 28), (IpProtocol.Icmp, 9), (null, 13), (47, 2)],
        Allowed = 65,
    };

    /// <summary>The short name that the benchmark's seeds have.</summary>
    public required string Name { get; init; }

    /// <summary>IPv4 prefix lengths.</summary>
    public required ImmutableArray<(int Value, int Weight)> Lengths { get; init; }

    /// <summary>Share of prefixes that lie in one that was drawn before.</summary>
    public required int Nested { get; init; }

    /// <summary>Port classes of TCP and UDP rules.</summary>
    public required ImmutableArray<(PortClass Value, int Weight)> Ports { get; init; }

    /// <summary>Protocols; null = any.</summary>
    public required ImmutableArray<(byte? Value, int Weight)> Protocols { get; init; }

    /// <summary>Share of rules that allow.</summary>
    public required int Allowed { get; init; }
}
