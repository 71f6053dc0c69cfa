using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Personas.Tests.RuleSets;

public sealed class TrafficTests
{
    private static readonly Persona Both =
        RuleSetCatalog.Mixed.Make(new RuleSetShape(200, RuleSetFamilies.Both, Direction: Direction.Ingress));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_seed_gives_the_same_tuples(bool isV6) => Assert.Equal(
        Traffic.Uniform(Both, isV6, Direction.Ingress, 1000, seed: 3),
        Traffic.Uniform(Both, isV6, Direction.Ingress, 1000, seed: 3));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Uniform_traffic_is_in_some_rule_and_can_be_forwarded(bool isV6) => Assert.All(
        Traffic.Uniform(Both, isV6, Direction.Ingress, 500, seed: 3),
        tuple =>
        {
            Assert.Equal(isV6, tuple.Peer.IsV6);
            Assert.True(AddressSpace.IsForwarded(tuple.Peer), tuple.ToString());
            Assert.NotNull(ReferenceVerdict.Judge(Both, tuple.ToPacket()).Rule);
        });

    [Fact]
    public void Uniform_traffic_reaches_nearly_every_rule()
    {
        var hit = Traffic.Uniform(Both, isV6: false, Direction.Ingress, 5000, seed: 3)
            .Select(tuple => ReferenceVerdict.Judge(Both, tuple.ToPacket()).Rule!.Id)
            .Distinct().Count();
        var all = Both.Rules.Count(rule => !rule.Peers[0].Address.IsV6);
        Assert.InRange(hit, all * 0.9, all);
    }

    [Fact]
    public void Zipf_traffic_has_its_shares()
    {
        var flows = Traffic.Uniform(Both, isV6: false, Direction.Ingress, 1000, seed: 3);
        var drawn = Traffic.Zipf(flows, exponent: 1, count: 100_000, seed: 4);
        var harmonic = Enumerable.Range(1, flows.Length).Sum(rank => 1.0 / rank);
        foreach (var rank in (int[])[1, 2, 10])
        {
            var share = drawn.Count(tuple => tuple == flows[rank - 1]) / 100_000.0;
            Assert.InRange(share, 0.9 / rank / harmonic, 1.1 / rank / harmonic);
        }
    }

    [Fact]
    public void Active_flows_take_even_turns()
    {
        var flows = Traffic.Uniform(Both, isV6: false, Direction.Ingress, 100, seed: 3).Distinct().ToArray();
        var drawn = Traffic.Evenly(flows, 100_000, seed: 4).CountBy(tuple => tuple).ToArray();
        Assert.Equal(flows.Length, drawn.Length);
        Assert.All(drawn, tuple => Assert.InRange(tuple.Value, 800, 1200));
    }
}
