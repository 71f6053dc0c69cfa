using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>Rules with fifteen ports each, which no range can stand for.</summary>
public sealed class PortLists : RuleSetKind
{
    private const int Nested = 60;
    private const int Ports = 15;

    public override string Name => "port-lists";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var random = draw.Random;
        var isV6 = draw.DrawIsV6();
        var length = isV6 ? random.Pick(32, 48, 56, 64, 128) : random.Pick(8, 16, 20, 24, 32);
        return draw.Rule(index, random.Pick(RuleAction.Allow, RuleAction.Deny), draw.PriorityInOrder(index)) with
        {
            Peers = [draw.Tree(isV6).Draw(random, length, Nested)],
            Protocol = random.Pick<byte>(IpProtocol.Tcp, IpProtocol.Udp),
            Ports =
            [
                .. Enumerable.Range(0, Ports).Select(_ => random.Between(1, ushort.MaxValue)).Distinct().Order()
                    .Select(port => new PortRange((ushort)port, (ushort)port)),
            ],
        };
    }
}
