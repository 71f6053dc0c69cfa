using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// Wide networks and wide port ranges that overlap almost all others, allowed and denied in turns: no two neighbours in
/// the order can be merged.
/// </summary>
public sealed class AlternatingOverlaps : RuleSetKind
{
    private const int Nested = 90;
    private const int HalfOfAllPorts = 32768;

    public override string Name => "alternating-overlaps";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var isV6 = draw.DrawIsV6();
        var action = index % 2 == 0 ? RuleAction.Allow : RuleAction.Deny;
        var first = draw.Random.Between(0, HalfOfAllPorts - 1);
        return draw.Rule(index, action, draw.PriorityInOrder(index)) with
        {
            Peers = [draw.Tree(isV6).Draw(draw.Random, draw.Random.Between(1, isV6 ? 64 : 24), Nested)],
            Protocol = draw.Random.Chance(50) ? IpProtocol.Tcp : null,
            Ports = [new PortRange((ushort)first, (ushort)(first + HalfOfAllPorts))],
        };
    }
}
