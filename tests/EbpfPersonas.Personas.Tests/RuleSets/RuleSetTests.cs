using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Personas.Tests.RuleSets;

public sealed class RuleSetTests
{
    public static TheoryData<string, RuleSetFamilies> KindsAndFamilies
    {
        get
        {
            var data = new TheoryData<string, RuleSetFamilies>();
            foreach (var kind in RuleSetCatalog.All)
            {
                data.Add(kind.Name, RuleSetFamilies.IPv4);
                data.Add(kind.Name, RuleSetFamilies.IPv6);
                data.Add(kind.Name, RuleSetFamilies.Both);
            }

            return data;
        }
    }

    public static TheoryData<string> Flavours => [.. RuleSetCatalog.ClassBench.Select(kind => kind.Name)];

    [Fact]
    public void Every_kind_has_a_name_of_its_own() =>
        Assert.Equal(RuleSetCatalog.All.Length, RuleSetCatalog.All.Select(kind => kind.Name).Distinct().Count());

    [Theory]
    [MemberData(nameof(KindsAndFamilies))]
    public void The_same_seed_gives_the_same_rules(string name, RuleSetFamilies families)
    {
        var shape = new RuleSetShape(500, families, Seed: 7);
        Assert.Equal(Words(Kind(name).Make(shape)), Words(Kind(name).Make(shape)));
    }

    [Theory]
    [MemberData(nameof(KindsAndFamilies))]
    public void Another_seed_gives_other_rules(string name, RuleSetFamilies families) => Assert.NotEqual(
        Words(Kind(name).Make(new RuleSetShape(500, families, Seed: 7))),
        Words(Kind(name).Make(new RuleSetShape(500, families, Seed: 8))));

    [Theory]
    [MemberData(nameof(KindsAndFamilies))]
    public void A_set_has_the_number_of_rules_and_the_families_that_were_asked_for(
        string name, RuleSetFamilies families)
    {
        var persona = Kind(name).Make(new RuleSetShape(1000, families));
        Assert.Equal(1000, persona.Rules.Length);
        Assert.Equal(1000, persona.Rules.Select(rule => rule.Id).Distinct().Count());
        var peers = persona.Rules.SelectMany(rule => rule.Peers).ToArray();
        Assert.Equal(families != RuleSetFamilies.IPv6, peers.Any(peer => !peer.Address.IsV6));
        Assert.Equal(families != RuleSetFamilies.IPv4, peers.Any(peer => peer.Address.IsV6));
        Assert.All(persona.Rules, rule => Assert.InRange(rule.Priority, 0, 1000));
        Assert.Equal(
            RulePrecedence.Order(persona.Rules).Select(rule => rule.Id), persona.Rules.Select(rule => rule.Id));
    }

    [Theory]
    [MemberData(nameof(KindsAndFamilies))]
    public void What_a_rule_excepts_lies_in_its_peer(string name, RuleSetFamilies families) => Assert.All(
        Kind(name).Make(new RuleSetShape(1000, families)).Rules,
        rule => Assert.All(
            rule.Except, except => Assert.Contains(rule.Peers, peer => peer.Contains(except))));

    [Fact]
    public void All_rules_have_the_direction_that_was_asked_for() => Assert.All(
        RuleSetCatalog.Mixed.Make(new RuleSetShape(1000, Direction: Direction.Ingress)).Rules,
        rule => Assert.Equal(Direction.Ingress, rule.Direction));

    [Fact]
    public void A_mixed_set_has_the_prefix_lengths_of_its_table()
    {
        var persona = RuleSetCatalog.Mixed.Make(new RuleSetShape(2000));
        AssertShares(MixedRules.LengthsV4, persona.Rules.Select(rule => rule.Peers[0].Length), tolerance: 3.3);
    }

    [Fact]
    public void A_large_mixed_set_has_few_rules_for_large_networks()
    {
        var persona = RuleSetCatalog.Mixed.Make(new RuleSetShape(100_000));
        Assert.InRange(persona.Rules.Count(rule => rule.Peers[0].Length < 16), 10, 200);
        Assert.InRange(MeanDepth(persona), 1.5, 4.0);
    }

    /// <summary>
    /// Of 600 draws: a share's three standard deviations are at most 6 percent points. In larger sets the few rules for
    /// any address and any port run out, and others take their place.
    /// </summary>
    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_flavour_has_the_shares_of_its_table(string name)
    {
        const double Tolerance = 6.1;
        var flavour = Flavour(name);
        var rules = Kind(name).Make(new RuleSetShape(600)).Rules;
        AssertShares(flavour.Protocols, rules.Select(rule => rule.Protocol), Tolerance);
        AssertShares(
            flavour.Ports,
            rules.Where(rule => rule.Protocol is IpProtocol.Tcp or IpProtocol.Udp)
                .Select(rule => PortClasses.Of(rule.Ports)),
            Tolerance * 1.2);
        AssertShares(
            flavour.Lengths.Where(choice => choice.Value > 0),
            rules.Where(rule => !rule.Peers.IsEmpty).Select(rule => rule.Peers[0].Length),
            Tolerance * 1.2);
    }

    [Fact]
    public void A_firewall_has_the_most_rules_for_any_address()
    {
        var wildcards = RuleSetCatalog.ClassBench.ToDictionary(
            kind => kind.Name, kind => kind.Make(new RuleSetShape(600)).Rules.Count(rule => rule.Peers.IsEmpty));
        Assert.Equal("fw", wildcards.MaxBy(entry => entry.Value).Key);
    }

    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_flavour_has_hardly_any_duplicates(string name)
    {
        const int Rules = 10_000;
        var rules = Kind(name).Make(new RuleSetShape(Rules, Direction: Direction.Ingress)).Rules;
        var different = rules.Select(rule => (
            rule.Protocol,
            Peer: rule.Peers.Select(peer => peer.ToString()).FirstOrDefault(),
            Ports: rule.Ports.Select(range => range.ToString()).FirstOrDefault()))
            .Distinct().Count();
        Assert.InRange(different, Rules * 0.99, Rules);
    }

    [Fact]
    public void Towers_of_prefixes_have_every_length() => Assert.Equal(
        Enumerable.Range(1, 32),
        new DeepNesting().Make(new RuleSetShape(320)).Rules.Select(rule => rule.Peers[0].Length).Distinct().Order());

    private static RuleSetKind Kind(string name) => RuleSetCatalog.All.Single(kind => kind.Name == name);

    private static ClassBenchFlavour Flavour(string name) => new[]
    {
        ClassBenchFlavour.AccessList, ClassBenchFlavour.Firewall, ClassBenchFlavour.IpChain,
    }.Single(flavour => flavour.Name == name);

    /// <summary>Mean number of rules' prefixes that a rule's prefix lies in, itself included.</summary>
    private static double MeanDepth(Persona persona)
    {
        var prefixes = persona.Rules.Select(rule => rule.Peers[0]).ToHashSet();
        return prefixes.Average(prefix =>
            Enumerable.Range(0, prefix.Length + 1).Count(length => prefixes.Contains(new(prefix.Address, length))));
    }

    private static void AssertShares<T>(
        IEnumerable<(T Value, int Weight)> expected, IEnumerable<T> drawn, double tolerance)
    {
        var values = drawn.ToArray();
        var weights = expected.Sum(choice => choice.Weight) / 100.0;
        Assert.All(expected, choice => Assert.InRange(
            values.Count(value => Equals(value, choice.Value)) * 100.0 / values.Length,
            (choice.Weight / weights) - tolerance,
            (choice.Weight / weights) + tolerance));
        Assert.All(values.Distinct(), value => Assert.Contains(value, expected.Select(choice => choice.Value)));
    }

    /// <summary>Every condition of every rule as text: records with arrays compare by reference.</summary>
    private static string[] Words(Persona persona) =>
    [
        .. persona.Rules.Select(rule => string.Join(
            ' ', rule.Id, rule.Direction, rule.Action, rule.Priority, rule.Protocol,
            string.Join(',', rule.Ports), string.Join(',', rule.Peers), string.Join(',', rule.Except))),
    ];
}
