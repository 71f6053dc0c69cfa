using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// Every rule is for every address, with a port range of its own, the shorter ones first: all the work is in the ports.
/// </summary>
public sealed class PortRangesOnAnywhere : RuleSetKind
{
    public override string Name => "port-ranges-on-anywhere";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        var action = index % 2 == 0 ? RuleAction.Allow : RuleAction.Deny;
        var magnitude = draw.Random.Between(0, 15);
        var length = draw.Random.Between(1 << magnitude, (2 << magnitude) - 1);
        var first = draw.Random.Between(0, ushort.MaxValue + 1 - length);
        return draw.Rule(index, action, magnitude * 60) with
        {
            Peers = [new Prefix(new IpAddress(draw.DrawIsV6(), 0), 0)],
            Protocol = draw.Random.Pick<byte>(IpProtocol.Tcp, IpProtocol.Udp),
            Ports = [new PortRange((ushort)first, (ushort)(first + length - 1))],
        };
    }
}
