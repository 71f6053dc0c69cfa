using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>Single hosts with single ports: the one kind of set that a hash table can express.</summary>
public sealed class ExactServices : RuleSetKind
{
    public override string Name => "exact";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var isV6 = draw.DrawIsV6();
        var action = draw.Random.Chance(MixedRules.Allowed) ? RuleAction.Allow : RuleAction.Deny;
        return draw.Rule(index, action, draw.PriorityInOrder(index)) with
        {
            Peers = [draw.Tree(isV6).Draw(draw.Random, isV6 ? 128 : 32, nested: 0)],
            Protocol = draw.Random.Chance(75) ? IpProtocol.Tcp : IpProtocol.Udp,
            Ports = PortClasses.Draw(draw.Random, PortClass.ExactMatch),
        };
    }
}
