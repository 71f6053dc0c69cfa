using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// Towers of prefixes, every length from /1 to a host around one address, each with another port: a host is in as many
/// prefixes as its address has bits.
/// </summary>
public sealed class DeepNesting : RuleSetKind
{
    private const int Nested = 0;

    public override string Name => "deep-nesting";

    protected override Rule MakeRule(RuleDraw draw, int index)
    {
        ArgumentNullException.ThrowIfNull(draw);
        // The families take turns by tower, not by rule: a tower has one address.
        var towerHeight = draw.Shape.Families == RuleSetFamilies.IPv4 ? 32 : 128;
        var level = index % towerHeight;
        var isV6 = draw.Shape.Families switch
        {
            RuleSetFamilies.IPv4 => false,
            RuleSetFamilies.IPv6 => true,
            _ => index / towerHeight % 2 == 1,
        };
        var width = isV6 ? 128 : 32;
        var tree = draw.Tree(isV6);
        if (level == 0 || tree.Drawn.Count == 0)
        {
            tree.Draw(draw.Random, width, Nested);
        }

        var action = level % 2 == 0 ? RuleAction.Allow : RuleAction.Deny;
        var port = (ushort)draw.Random.Between(0, ushort.MaxValue - 100);
        return draw.Rule(index, action, draw.Random.Between(0, 1000)) with
        {
            Peers = [new Prefix(tree.Drawn[^1].Address, (level % width) + 1)],
            Protocol = IpProtocol.Tcp,
            Ports = [new PortRange(port, (ushort)(port + draw.Random.Between(0, 100)))],
        };
    }
}
