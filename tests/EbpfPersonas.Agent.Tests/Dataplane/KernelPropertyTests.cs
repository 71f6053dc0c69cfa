using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Tests.Cases;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Proof;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// What `make prove` does, with fewer packets: the kernel and the reference give the same verdict and name the same
/// rules, and what is broken does not go through. Another seed in the environment (EBPF_PERSONAS_SEED) makes other
/// packets.
/// </summary>
public sealed class KernelPropertyTests(VerdictFilterFixture fixture, ITestOutputHelper output)
    : IClassFixture<VerdictFilterFixture>
{
    private const long Cases = 200_000;

    private readonly KernelFilter _filter = fixture.Filter;

    public static TheoryData<string> BrokenCompilers => [.. BrokenCompiler.All.Select(broken => broken.Name)];

    [Fact]
    public void Packets_get_the_verdict_and_the_rules_of_the_reference()
    {
        var (tally, difference) = Run(_filter);
        output.WriteLine($"seed {VerdictFilterFixture.Seed}");
        using var table = new StringWriter();
        tally.Write(table);
        output.WriteLine(table.ToString());
        Assert.Null(difference?.ToString());
        Assert.Empty(tally.Shortcomings());
        Assert.True(tally.Packets >= Cases, $"only {tally.Packets} packets");
        Assert.True(tally.RuleSets >= 200, $"only {tally.RuleSets} rule sets");
    }

    [Fact]
    public void A_first_packet_that_was_compared_leaves_no_flow_behind()
    {
        var tally = new ProofTally();
        foreach (var part in ProofPlan.Make(VerdictFilterFixture.Seed, Cases).OfType<FirstPackets>().Take(20))
        {
            Assert.Null(part.Run(_filter, tally));
        }

        Assert.True(tally.Packets > 1000, $"only {tally.Packets} packets");
        Assert.Equal(0, _filter.Dataplane.ReadCounters().ConntrackEntries);
    }

    [Theory]
    [MemberData(nameof(BrokenCompilers))]
    public void A_compiler_that_is_broken_is_caught(string name)
    {
        var (tally, difference) = RunBroken(name);
        Assert.True(difference is not null, $"A compiler that {name} went through {tally.Packets} packets.");
        output.WriteLine($"after {tally.Packets} packets: {difference}");
    }

    [Theory]
    [InlineData("smaller_tag")]
    [InlineData("border_excluded")]
    public void A_filter_that_looks_up_wrongly_is_caught(string program)
    {
        using var broken = new KernelFilter(TestObjects.Program(program));
        var (tally, difference) = Run(broken);
        Assert.True(difference is not null, $"{program} went through {tally.Packets} packets.");
        output.WriteLine($"after {tally.Packets} packets: {difference}");
    }

    [Theory]
    [InlineData("compares one bit less", 1)]
    [InlineData("enforces audited rules", 1)]
    [InlineData("orders rules by the document", 2)]
    [InlineData("drops a class", 40)]
    public void A_difference_becomes_a_case_that_only_the_broken_compiler_fails(string name, int mostRules)
    {
        var folder = Directory.CreateTempSubdirectory("case-");
        try
        {
            RunBroken(name).Difference!.WriteTo(folder.FullName);

            var @case = CaseFolder.Load(folder.FullName);
            var persona = CaseDocuments.Read(@case, CaseFolder.PersonaFile)!;
            var step = Assert.IsType<PacketStep>(Assert.Single(@case.Steps));
            var meant = ReferenceVerdict.Judge(persona, step.Packet.AsFirstPacket());
            Assert.Equal(ReferenceDatapath.InWords(persona, meant, step.Packet), step.Expected);
            Assert.InRange(persona.Rules.Length, 1, mostRules);

            Assert.Empty(Differences(@case, persona));
            _filter.Compiler = Broken(name).Compile;
            Assert.Single(Differences(@case, persona));
        }
        finally
        {
            _filter.Compiler = PersonaCompiler.Compile;
            folder.Delete(recursive: true);
        }
    }

    private IReadOnlyList<string> Differences(CaseFolder @case, Persona persona)
    {
        _filter.Use(persona);
        return CaseRun.Differences(@case, _ => persona, _filter.SwitchTo, _filter.Decide);
    }

    private (ProofTally Tally, ProofDifference? Difference) RunBroken(string name)
    {
        try
        {
            _filter.Compiler = Broken(name).Compile;
            return Run(_filter);
        }
        finally
        {
            _filter.Compiler = PersonaCompiler.Compile;
        }
    }

    /// <summary>Until something differs.</summary>
    private static (ProofTally Tally, ProofDifference? Difference) Run(KernelFilter filter)
    {
        var tally = new ProofTally();
        var difference = ProofPlan.Make(VerdictFilterFixture.Seed, Cases)
            .Select(part => part.Run(filter, tally))
            .FirstOrDefault(found => found is not null);
        return (tally, difference);
    }

    private static BrokenCompiler Broken(string name) => BrokenCompiler.All.Single(broken => broken.Name == name);
}
