using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>Every rule is for every address, with a port range of its own: all the work is in the ports.</summary>
public sealed class PortRangesOnAnywhere : RuleSetKind
{
    public override string Name => "port-ranges-on-anywhere";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var action = index % 2 == 0 ? RuleAction.Allow : RuleAction.Deny;
        var one = draw.Random.Between(0, ushort.MaxValue);
        var other = draw.Random.Between(0, ushort.MaxValue);
        return draw.Rule(index, action, draw.PriorityInOrder(index)) with
        {
            Peers = [new Prefix(new IpAddress(draw.DrawIsV6(), 0), 0)],
            Protocol = draw.Random.Pick<byte>(IpProtocol.Tcp, IpProtocol.Udp),
            Ports = [new PortRange((ushort)Math.Min(one, other), (ushort)Math.Max(one, other))],
        };
    }
}
