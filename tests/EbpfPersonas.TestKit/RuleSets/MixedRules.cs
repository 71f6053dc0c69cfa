using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// What the firewall of a company looks like: nested networks from /8 to single hosts, mostly the more specific first;
/// single ports, ranges and none; few rules for very large networks, however large the set is.
/// </summary>
public sealed class MixedRules : RuleSetKind
{
    private const int Nested = 70;

    /// <summary>Share of rules that allow, percent.</summary>
    public const int Allowed = 70;

    /// <summary>Shares of prefix lengths; the longest of each family is a host.</summary>
    public static ImmutableArray<(int Value, int Weight)> LengthsV4 { get; } =
        [(8, 1), (12, 2), (16, 8), (20, 9), (24, 32), (28, 10), (32, 38)];

    /// <summary>As <see cref="LengthsV4"/>.</summary>
    public static ImmutableArray<(int Value, int Weight)> LengthsV6 { get; } =
        [(32, 1), (40, 2), (48, 14), (56, 10), (64, 33), (96, 3), (128, 37)];

    private static readonly ImmutableArray<(byte? Value, int Weight)> Protocols =
    [
        (IpProtocol.Tcp, 60), (IpProtocol.Udp, 22), (null, 8), (IpProtocol.Icmp, 5), (IpProtocol.Sctp, 1), (47, 2),
        (50, 2),
    ];

    private static readonly ImmutableArray<(PortClass Value, int Weight)> Ports =
    [
        (PortClass.ExactMatch, 56), (PortClass.ArbitraryRange, 16), (PortClass.Wildcard, 15), (PortClass.High, 10),
        (PortClass.Low, 3),
    ];

    public override string Name => "mixed";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var isV6 = draw.DrawIsV6();
        var length = DrawLength(draw, isV6);
        var protocol = draw.Weighted(Protocols);
        var action = draw.Random.Chance(Allowed) ? RuleAction.Allow : RuleAction.Deny;
        return draw.Rule(index, action, DrawPriority(draw, length, isV6 ? 128 : 32)) with
        {
            Peers = [draw.Tree(isV6).Draw(draw.Random, length, Nested)],
            Protocol = isV6 && protocol == IpProtocol.Icmp ? IpProtocol.IcmpV6 : protocol,
            Ports = protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp
                ? PortClasses.Draw(draw.Random, draw.Weighted(Ports))
                : [],
        };
    }

    /// <summary>There are only so many large networks: their share falls in large sets.</summary>
    private static int DrawLength(RuleDraw draw, bool isV6)
    {
        var lengths = isV6 ? LengthsV6 : LengthsV4;
        var length = draw.Weighted(lengths);
        var isLarge = length == lengths[0].Value || length == lengths[1].Value;
        return isLarge && draw.Random.Below(draw.Shape.Rules) >= 2000 ? lengths[2].Value : length;
    }

    /// <summary>The more specific first; one rule in eight is an exception that somebody put in front.</summary>
    private static int DrawPriority(RuleDraw draw, int length, int width) =>
        draw.Random.Chance(12) ? draw.Random.Between(0, 99) : 900 - (length * 800 / width);
}
