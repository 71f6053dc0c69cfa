using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// Random personas and packets: the kernel and the reference give the same verdict and name the same rule. Another seed
/// in the environment (EBPF_PERSONAS_SEED) makes other ones.
/// </summary>
public sealed class KernelPropertyTests(VerdictFilterFixture fixture, ITestOutputHelper output)
    : IClassFixture<VerdictFilterFixture>
{
    private const int Personas = 250;
    private const int PacketsPerPersona = 100;

    private readonly KernelFilter _filter = fixture.Filter;

    /// <summary>What a compiler could get wrong, each done to the persona before it is compiled.</summary>
    public static TheoryData<string, Func<Persona, Persona>> BrokenCompilers => new()
    {
        { "forgets exceptions", EachRule(rule => rule with { Except = [] }) },
        { "ends port ranges one early", EachRule(rule => rule with { Ports = [.. rule.Ports.Select(Shorter)] }) },
        { "compares one bit less", EachRule(rule => rule with { Peers = [.. rule.Peers.Select(Wider)] }) },
        { "enforces audited rules", EachRule(rule => rule with { Mode = EnforcementMode.Enforce }) },
        { "takes protocol 0 for any", EachRule(rule => rule.Protocol == 0 ? rule with { Protocol = null } : rule) },
        {
            "ignores the ICMP code",
            EachRule(rule => rule with { Icmp = rule.Icmp is { } icmp ? icmp with { Code = null } : null })
        },
        { "keeps the first peer only", EachRule(rule => rule with { Peers = [.. rule.Peers.Take(1)] }) },
        { "forgets the last rule", persona => persona with { Rules = persona.Rules[..^1] } },
        {
            "swaps the defaults",
            persona => persona with { DefaultIngress = persona.DefaultEgress, DefaultEgress = persona.DefaultIngress }
        },
        {
            "orders rules by the document",
            persona =>
                persona with { Rules = [.. persona.Rules.OrderBy(rule => rule.Id.Length).ThenBy(rule => rule.Id)] }
        },
    };

    [Fact]
    public void First_packets_get_the_verdict_and_the_rule_of_the_reference()
    {
        var (pairs, difference) = Run(persona => persona);
        output.WriteLine($"{pairs} pairs, seed {VerdictFilterFixture.Seed}");
        Assert.True(difference is null, difference);
        Assert.True(pairs >= 20_000, $"only {pairs} pairs");
    }

    [Theory]
    [MemberData(nameof(BrokenCompilers))]
    public void A_compiler_that_is_broken_is_caught(string how, Func<Persona, Persona> broken)
    {
        var (pairs, difference) = Run(broken);
        Assert.True(difference is not null, $"A compiler that {how} went through {pairs} pairs.");
        output.WriteLine($"after {pairs} pairs: {difference}");
    }

    /// <summary>Compares until something differs; then makes that as small as can be and words it as a case.</summary>
    private (int Pairs, string? Difference) Run(Func<Persona, Persona> compiler)
    {
        var random = new Prng(VerdictFilterFixture.Seed);
        for (var i = 0; i < Personas; i++)
        {
            var persona = RandomPersona.Make(random);
            _filter.Use(compiler(persona));
            for (var j = 0; j < PacketsPerPersona; j++)
            {
                var packet = RandomPacket.Make(random, persona);
                _filter.ForgetFlows();
                if (Reference(persona, packet) != _filter.Decide(packet))
                {
                    return ((i * PacketsPerPersona) + j, Word(persona, packet, compiler));
                }
            }
        }

        return (Personas * PacketsPerPersona, null);
    }

    private string Word(Persona persona, CasePacket packet, Func<Persona, Persona> compiler)
    {
        var small = Shrinker.Shrink(
            persona, candidate => candidate.Rules.Length > 0 && Reference(candidate, packet) != Kernel(candidate));
        return $"seed {VerdictFilterFixture.Seed}: {packet} => {Reference(small, packet)}, " +
            $"but the kernel says {Kernel(small)}\n" +
            PersonaJson.Write(small);

        Expectation Kernel(Persona candidate)
        {
            _filter.Use(compiler(candidate));
            return _filter.Decide(packet);
        }
    }

    private static Expectation Reference(Persona persona, CasePacket packet) =>
        ReferenceDatapath.InWords(persona, ReferenceVerdict.Judge(persona, packet.AsFirstPacket()), packet);

    private static Func<Persona, Persona> EachRule(Func<Rule, Rule> change) =>
        persona => persona with { Rules = [.. persona.Rules.Select(change)] };

    private static PortRange Shorter(PortRange range) =>
        range.First == range.Last ? range : range with { Last = (ushort)(range.Last - 1) };

    private static Prefix Wider(Prefix prefix) => new(prefix.Address, Math.Max(0, prefix.Length - 1));
}
