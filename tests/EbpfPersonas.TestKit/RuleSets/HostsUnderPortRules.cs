using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// Half of the rules name a host, the other half a port of any address, and they come in turns: whoever copies the
/// rules of a network to each host in it has the product of both.
/// </summary>
public sealed class HostsUnderPortRules : RuleSetKind
{
    public override string Name => "hosts-under-port-rules";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var isV6 = draw.DrawIsV6();
        var action = draw.Random.Pick(RuleAction.Allow, RuleAction.Deny);
        var rule = draw.Rule(index, action, draw.PriorityInOrder(index));
        if (index % 2 == 0)
        {
            return rule with { Peers = [draw.Tree(isV6).Draw(draw.Random, isV6 ? 128 : 32, nested: 0)] };
        }

        var port = (ushort)draw.Random.Between(0, ushort.MaxValue);
        return rule with
        {
            Peers = [new Prefix(new IpAddress(isV6, 0), 0)],
            Protocol = draw.Random.Pick<byte>(IpProtocol.Tcp, IpProtocol.Udp),
            Ports = [new PortRange(port, port)],
        };
    }
}
