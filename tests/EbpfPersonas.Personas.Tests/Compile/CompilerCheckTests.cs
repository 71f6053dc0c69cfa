using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Personas.Tests.Compile;

/// <summary>
/// The spot check finds compiled bytes that are wrong, names nothing where they are right.
/// </summary>
public sealed class CompilerCheckTests
{
    private const ulong Seed = 11;

    private static readonly Persona Database = new()
    {
        Name = "db",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            new Rule
            {
                Id = "no-db",
                Direction = Direction.Egress,
                Action = RuleAction.Deny,
                List = RuleList.Denied,
                Protocol = IpProtocol.Tcp,
                Ports = [new PortRange(3306, 3306)],
                Peers = [new Prefix(IpAddress.Parse("10.0.0.11"), 32)],
            },
            new Rule
            {
                Id = "db",
                Direction = Direction.Egress,
                Action = RuleAction.Allow,
                List = RuleList.Allowed,
                Protocol = IpProtocol.Tcp,
                Ports = [new PortRange(3306, 3306)],
                Peers = [new Prefix(IpAddress.Parse("10.0.0.0"), 24)],
            },
        ],
    };

    public static TheoryData<string> Kinds => [.. RuleSetCatalog.All.Select(kind => kind.Name)];

    [Fact]
    public void Finds_nothing_where_the_compiler_is_right()
    {
        var random = new Prng(Seed);
        for (var i = 0; i < 500; i++)
        {
            AssertSame(RandomPersona.Make(random));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Finds_nothing_in_large_rule_sets_where_the_compiler_is_right(string name) =>
        AssertSame(RuleSetCatalog.All.Single(kind => kind.Name == name)
            .Make(new RuleSetShape(3000, RuleSetFamilies.Both, Seed)));

    [Fact]
    public void Names_the_packet_and_both_answers()
    {
        var compiled = PersonaCompiler.Compile(Database);
        var allowing = new CompiledPersona
        {
            Name = compiled.Name,
            Mode = compiled.Mode,
            DefaultIngress = compiled.DefaultIngress,
            DefaultEgress = RuleAction.Allow,
            RuleIds = compiled.RuleIds,
            Roots = compiled.Roots,
            Lines = compiled.Lines,
            Size = compiled.Size,
        };

        var difference = CompilerCheck.Find(Database, allowing);

        Assert.NotNull(difference);
        Assert.Equal(Direction.Egress, difference.Packet.Direction);
        Assert.Equal(
            $"{difference.Packet.Words} is deny by the default, but compiled it is allow by the default.",
            difference.Sentence);
    }

    [Fact]
    public void Finds_every_tag_that_was_changed_in_a_small_persona()
    {
        var changes = Changes(
            Database, (uint)Tag.Rank, (uint)Tag.Lane, 1, (uint)RuleAction.Deny ^ (uint)RuleAction.Allow);

        Assert.True(changes.Tried >= 8, $"{changes.Tried} changes were tried");
        Assert.Empty(changes.Missed);
    }

    [Fact]
    public void Finds_references_that_lead_nowhere_and_does_not_follow_them_for_ever()
    {
        var compiled = PersonaCompiler.Compile(Database);
        foreach (var root in new[] { 0x40000000u + 99, 0x20000000u + 99, 0u, 99u, 0x40000000u })
        {
            var damaged = With(
                compiled, compiled.Lines, [compiled.Roots[0], compiled.Roots[1], root, compiled.Roots[3]]);
            Assert.NotNull(CompilerCheck.Find(Database, damaged));
        }
    }

    [Fact]
    public void Finds_most_single_changed_words_of_random_personas_and_crashes_at_none()
    {
        var random = new Prng(Seed);
        var (found, all) = (0, 0);
        for (var i = 0; i < 300; i++)
        {
            var persona = RandomPersona.Make(random);
            var compiled = PersonaCompiler.Compile(persona);
            var lines = compiled.Lines.ToArray();
            lines[random.Below(lines.Length)].Word[random.Below(16)] ^= 1u << random.Below(32);
            all++;
            found += CompilerCheck.Find(persona, With(compiled, lines, compiled.Roots)) is null ? 0 : 1;
        }

        // Half of all words are filling that no packet reads, and many others matter to a few packets only.
        Assert.True(found * 10 >= all, $"{found} of {all} were found");
    }

    private static void AssertSame(Persona persona) =>
        Assert.Null(CompilerCheck.Find(persona, PersonaCompiler.Compile(persona, int.MaxValue))?.Sentence);

    /// <summary>
    /// Changes each tag that stands in a class, by each of the masks, and lists the changes that were not found.
    /// </summary>
    private static (int Tried, List<string> Missed) Changes(Persona persona, params uint[] masks)
    {
        var compiled = PersonaCompiler.Compile(persona);
        var reader = new CompiledReader(compiled);
        var classes = reader.Intervals(compiled.Roots[2], isV6: false).Select(interval => interval.Class).Distinct();
        var (tried, missed) = (0, new List<string>());
        foreach (var line in classes)
        {
            for (var entry = 0; entry < ClassRecord.EntryCount && reader.Class(line).Entry[entry].Tag != 0; entry++)
            {
                foreach (var mask in masks)
                {
                    var lines = compiled.Lines.ToArray();
                    PolicyLine.As<ClassRecord>(ref lines[line]).Entry[entry].Tag ^= mask;
                    tried++;
                    if (CompilerCheck.Find(persona, With(compiled, lines, compiled.Roots)) is null)
                    {
                        missed.Add($"line {line}, entry {entry}, {mask:x}");
                    }
                }
            }
        }

        return (tried, missed);
    }

    private static CompiledPersona With(
        CompiledPersona compiled, ReadOnlyMemory<PolicyLine> lines, IEnumerable<uint> roots) => new()
        {
            Name = compiled.Name,
            Mode = compiled.Mode,
            DefaultIngress = compiled.DefaultIngress,
            DefaultEgress = compiled.DefaultEgress,
            RuleIds = compiled.RuleIds,
            Roots = [.. roots],
            Lines = lines,
            Size = compiled.Size,
        };
}
