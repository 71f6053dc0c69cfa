using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Tests.Cases;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Proof;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// Random packets in a row, under personas that take turns: conntrack, epochs and related errors as the reference has
/// them.
/// </summary>
public sealed class KernelConntrackTests(VerdictFilterFixture fixture) : IClassFixture<VerdictFilterFixture>
{
    private const int Runs = 150;
    private const int StepsPerRun = 100;

    private readonly KernelFilter _filter = fixture.Filter;

    [Fact]
    public void Rows_of_packets_are_decided_as_by_the_reference()
    {
        var random = new Prng(VerdictFilterFixture.Seed);
        var reasons = new Dictionary<string, int>();
        for (var run = 0; run < Runs; run++)
        {
            var row = MakeRow(random, StepsPerRun);
            if (Difference(row) is not null)
            {
                row = row.Shrink(_filter);
                var (step, _, said) = Difference(row)!.Value;
                var found = row.ToCase(step, said);
                var documents = found.Documents.Select(entry => $"{entry.Key}: {PersonaJson.Write(entry.Value)}");
                Assert.Fail(
                    $"seed {VerdictFilterFixture.Seed}: {found}\n{string.Join('\n', found.Lines)}\n"
                    + string.Join('\n', documents));
            }
        }

        foreach (var reason in new[]
        {
            "established", "reevaluated", "related_icmp", "persona_switch", "no_persona", "allowed_rule", "denied_rule",
            "default_allow", "default_deny",
        })
        {
            var count = reasons.GetValueOrDefault(reason);
            Assert.True(count >= 100, $"{reason}: {count} packets only");
        }

        (int, Expectation, Expectation)? Difference(StepComparison row) => row.Difference(
            _filter,
            number => _filter.SwitchTo(row.Personas[number]),
            (_, said) => reasons[said.Reason] = reasons.GetValueOrDefault(said.Reason) + 1);
    }

    [Theory]
    [InlineData("a filter that misses the switch")]
    [InlineData("a filter that forgets its flows at a switch")]
    public void A_switch_that_is_broken_is_caught_and_becomes_a_case_that_the_filter_passes(string what)
    {
        var row = MakeRow(new Prng(VerdictFilterFixture.Seed), 10 * StepsPerRun);
        var isFirst = true;
        var (step, expected, said) = row.Difference(_filter, SwitchWrongly)!.Value;
        var folder = Directory.CreateTempSubdirectory("case-");
        try
        {
            row.ToCase(step, said).WriteTo(folder.FullName);
            var @case = CaseFolder.Load(folder.FullName);
            Assert.Equal(expected, Assert.IsType<PacketStep>(@case.Steps[^1]).Expected);
            _filter.Use(CaseDocuments.Read(@case, CaseFolder.PersonaFile));
            Assert.Empty(CaseRun.Differences(
                @case, file => CaseDocuments.Read(@case, file), _filter.SwitchTo, _filter.Decide));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        void SwitchWrongly(int number)
        {
            if (isFirst || !what.Contains("misses", StringComparison.Ordinal))
            {
                _filter.Use(row.Personas[number]);
            }

            isFirst = false;
        }
    }

    private static StepComparison MakeRow(Prng random, int steps)
    {
        ImmutableArray<Persona?> personas = [RandomPersona.Make(random), RandomPersona.Make(random), null];
        return new StepComparison(personas, RandomSteps.Make(random, personas, steps));
    }
}
