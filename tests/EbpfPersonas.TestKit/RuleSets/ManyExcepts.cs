using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>Networks with eight holes each, which rules that come later fill.</summary>
public sealed class ManyExcepts : RuleSetKind
{
    private const int Nested = 60;
    private const int Excepts = 8;

    public override string Name => "many-excepts";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var random = draw.Random;
        var isV6 = draw.DrawIsV6();
        var longest = isV6 ? 128 : 32;
        var peer = draw.Tree(isV6).Draw(random, isV6 ? random.Between(16, 64) : random.Between(8, 24), Nested);
        var action = index % 2 == 0 ? RuleAction.Allow : RuleAction.Deny;
        return draw.Rule(index, action, draw.PriorityInOrder(index)) with
        {
            Peers = [peer],
            Except =
            [
                .. Enumerable.Range(0, Excepts).Select(_ => new Prefix(
                    AddressSpace.Inside(random, peer), random.Between(peer.Length + 1, longest))),
            ],
            Protocol = random.Chance(50) ? IpProtocol.Tcp : null,
            Ports = PortClasses.Draw(random, random.Pick(PortClass.ExactMatch, PortClass.Wildcard)),
        };
    }
}
