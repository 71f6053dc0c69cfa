using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// Rule sets in the manner of ClassBench (Taylor and Turner, 2005). Its filters have two addresses and two port fields;
/// a rule of a persona has one peer and the port that the originator connects to, so this is the projection to one
/// address and one port: where a filter set has pairs, here is only the peer's side. No seed file of theirs is used.
/// </summary>
public sealed class ClassBenchRules(ClassBenchFlavour flavour) : RuleSetKind
{
    /// <summary>Their generator removes duplicates; so many tries find another rule.</summary>
    private const int Attempts = 8;

    public override string Name => flavour.Name;

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var rule = DrawRule(draw, index);
        for (var i = 0; i < Attempts && !draw.IsNew(rule); i++)
        {
            rule = DrawRule(draw, index);
        }

        return rule;
    }

    private Rule DrawRule(RuleDraw draw, int index)
    {
        var isV6 = draw.DrawIsV6();
        var length = draw.Weighted(flavour.Lengths);
        var protocol = draw.Weighted(flavour.Protocols);
        var portClass = protocol is IpProtocol.Tcp or IpProtocol.Udp
            ? draw.Weighted(flavour.Ports)
            : PortClass.Wildcard;
        var action = draw.Random.Chance(flavour.Allowed) ? RuleAction.Allow : RuleAction.Deny;
        return draw.Rule(index, action, DrawPriority(draw, length, protocol, portClass)) with
        {
            Peers = length == 0 ? [] : [draw.Tree(isV6).Draw(draw.Random, Length(length, isV6), flavour.Nested)],
            Protocol = isV6 && protocol == IpProtocol.Icmp ? IpProtocol.IcmpV6 : protocol,
            Ports = PortClasses.Draw(draw.Random, portClass),
        };
    }

    /// <summary>
    /// The more specific before the more general, by and large: the other way round the first rule for anything would
    /// decide everything.
    /// </summary>
    private static int DrawPriority(RuleDraw draw, int length, byte? protocol, PortClass portClass)
    {
        var specific = (length * 500 / 32) + (protocol is null ? 0 : 150) + portClass switch
        {
            PortClass.Wildcard => 0,
            PortClass.High or PortClass.Low => 100,
            PortClass.ArbitraryRange => 200,
            _ => 250,
        };
        return 950 - specific + draw.Random.Between(-50, 50);
    }

    /// <summary>In IPv6 the same tree with branches twice as long: /24 is /48, a host is a host.</summary>
    private static int Length(int length, bool isV6) => !isV6 ? length : length == 32 ? 128 : length * 2;
}
