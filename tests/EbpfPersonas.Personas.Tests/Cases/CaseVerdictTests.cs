using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.Personas.Tests.Cases;

/// <summary>
/// Every line of every case against the reference, so that what the kernel is held to is itself held to the rules.
/// </summary>
public sealed class CaseVerdictTests
{
    public static TheoryData<string> Names => [.. CaseDocuments.All.Select(@case => @case.Name)];

    [Fact]
    public void There_are_at_least_60_cases() => Assert.True(CaseDocuments.All.Count() >= 60);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_line_is_what_the_reference_says(string name)
    {
        var @case = CaseDocuments.Load(name);
        var reference = new ReferenceDatapath(CaseDocuments.Read(@case, CaseFolder.PersonaFile));
        Assert.Empty(
            CaseRun.Differences(@case, file => CaseDocuments.Read(@case, file), reference.Switch, reference.Decide));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_rule_of_a_case_is_named_by_one_of_its_lines_or_shadowed(string name)
    {
        var @case = CaseDocuments.Load(name);
        var named = @case.Steps.OfType<PacketStep>().Select(step => step.Expected.Rule).ToHashSet();
        var files = @case.Steps.OfType<SwitchStep>().Select(step => step.PersonaFile)
            .Append(CaseFolder.PersonaFile).Distinct();
        var silent = files.Select(file => CaseDocuments.Read(@case, file)).OfType<Persona>()
            .SelectMany(persona =>
                Looked(persona).Where(rule => !named.Contains(rule.Id) && !IsNeverAsked(persona, rule)))
            .Select(rule => rule.Id);
        Assert.Empty(silent);
    }

    [Fact]
    public void A_line_that_is_wrong_would_be_found()
    {
        var persona = CaseDocuments.Read(
            """{"name": "x", "network_profile": {"allowed_egress": []}}"""u8.ToArray(), "x");
        var said = new ReferenceDatapath(persona).Decide(PacketParser.Parse("udp local:1 > 10.0.0.1:2"));
        Assert.NotEqual(Expectation.Parse("forwarded default_allow -"), said);
        Assert.Equal(Expectation.Parse("dropped default_deny -"), said);
    }

    /// <summary>Every rule; of a list that is there for its length, the first, the middle and the last.</summary>
    private static IEnumerable<Rule> Looked(Persona persona) =>
        from rule in persona.Rules
        group rule by (rule.List, rule.Direction) into list
        let rules = list.ToArray()
        from rule in rules.Length < 300 ? rules : [rules[0], rules[rules.Length / 2], rules[^1]]
        select rule;

    /// <summary>
    /// Rules that a case holds to show that they do not decide: each of their packets meets an earlier rule, or the
    /// rule or an earlier one is in audit mode.
    /// </summary>
    private static bool IsNeverAsked(Persona persona, Rule rule) =>
        rule.Mode == EnforcementMode.Audit ||
        Borders(rule).Select(packet => ReferenceVerdict.Judge(persona, packet))
            .All(verdict => verdict.Audited is not null || verdict.Rule?.Id != rule.Id);

    private static IEnumerable<Packet> Borders(Rule rule) =>
        from peer in rule.Peers.IsEmpty
            ? [new Prefix(CasePacket.LocalV4, 0), new Prefix(CasePacket.LocalV6, 0)]
            : rule.Peers
        from address in new[] { peer.Address, peer.Last }
        from range in rule.Ports.IsEmpty ? [PortRange.All] : rule.Ports
        from port in new[] { range.First, range.Last }
        let packet = new Packet(
            rule.Direction, rule.Protocol ?? IpProtocol.Tcp, address, port, rule.Icmp?.Type ?? 0, rule.Icmp?.Code ?? 0)
        where ReferenceVerdict.Matches(rule, packet)
        select packet;
}
