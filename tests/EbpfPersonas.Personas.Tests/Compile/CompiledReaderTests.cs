using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Personas.Tests.Compile;

/// <summary>
/// The compiled bytes mean what the rules mean: action, rule and audited rule, read as the kernel reads them.
/// </summary>
public sealed class CompiledReaderTests
{
    private const ulong Seed = 3;

    public static TheoryData<string> Kinds => [.. RuleSetCatalog.All.Select(kind => kind.Name)];

    [Fact]
    public void Random_personas_mean_the_same_when_compiled()
    {
        var random = new Prng(Seed);
        for (var i = 0; i < 2000; i++)
        {
            var persona = RandomPersona.Make(random);
            var packets = Enumerable.Range(0, 50).Select(_ => RandomPacket.Make(random, persona).AsFirstPacket());
            AssertSame(persona, packets);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Large_rule_sets_mean_the_same_when_compiled(string name)
    {
        var persona = RuleSetCatalog.All.Single(kind => kind.Name == name)
            .Make(new RuleSetShape(2000, RuleSetFamilies.Both, Seed));
        var random = new Prng(Seed);
        AssertSame(persona, Enumerable.Range(0, 1000).Select(_ => RandomPacket.Make(random, persona).AsFirstPacket()));
    }

    private static void AssertSame(Persona persona, IEnumerable<Packet> packets)
    {
        var reader = new CompiledReader(PersonaCompiler.Compile(persona, int.MaxValue));
        foreach (var packet in packets)
        {
            var meant = ReferenceVerdict.Judge(persona, packet);
            Assert.Equal((packet, meant.Action, Number(meant.Rule), Number(meant.Audited)), WithPacket(packet));
        }

        int Number(Rule? rule) => rule is null ? -1 : persona.Rules.IndexOf(rule);
        (Packet, RuleAction, int, int) WithPacket(Packet packet)
        {
            var (action, rule, audited) = reader.Judge(packet);
            return (packet, action, rule, audited);
        }
    }
}
