using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Tests.Cases;
using EbpfPersonas.TestKit.Situations;

namespace EbpfPersonas.Personas.Tests.Activation;

/// <summary>The table of tests/situations, where README.txt says how to read it.</summary>
public sealed class SituationTests
{
    private static readonly IReadOnlyList<SituationCase> Table = SituationTable.ReadFolder(
        Path.Combine(CaseDocuments.Folder, "..", "situations"));

    public static TheoryData<string, string> Situations
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var played in Table)
            {
                data.Add(played.File, played.Name);
            }

            return data;
        }
    }

    public static TheoryData<string> Faults => [.. BrokenPolicies.All.Keys];

    [Theory]
    [MemberData(nameof(Situations))]
    public void Every_step_activates_what_the_table_says(string file, string name)
    {
        var played = Table.Single(played => played.File == file && played.Name == name);

        Assert.NotEmpty(played.Steps);
        Assert.Empty(new SituationRun(played, ActivationPolicy.Decide, awake: false).Differences());
        Assert.Empty(new SituationRun(played, ActivationPolicy.Decide, awake: true).Differences());
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_function_with_a_fault_is_found_out(string fault) => Assert.Contains(
        Table, played => new SituationRun(played, BrokenPolicies.All[fault], awake: true).Differences().Any());

    [Fact]
    public void The_order_of_what_happens_at_one_moment_does_not_matter() => Assert.Empty(
        Table.SelectMany(played => new SituationRun(
            played, ActivationPolicy.Decide, awake: false, Reordered).Differences()));

    /// <summary>A child comes after its parent; the rest may come in any order.</summary>
    private static IEnumerable<SituationFact> Reordered(ImmutableArray<SituationFact> facts) =>
        facts.Any(fact => fact is SituationFact.Forked) ? facts : facts.Reverse();

    [Fact]
    public void There_are_enough_situations_and_each_has_a_name_of_its_own()
    {
        Assert.True(Table.Count >= 80, $"{Table.Count}");
        Assert.Equal(Table.Count, Table.Select(played => played.Name).Distinct().Count());
        Assert.True(Table.Count(played => played.IsOfProcesses) >= 40);
    }

    [Theory]
    [InlineData("0s => none", "the first line says")]
    [InlineData("situation a\n0s start 1 => none", "no such fact")]
    [InlineData("situation a\n0s start 1 sh quickly 1 => none", "a start goes on")]
    [InlineData("situation a\n0s => web dead", "a persona and one of")]
    [InlineData("situation a\n0s start 1 sh", "a step reads")]
    [InlineData("situation a\n2s => none\n1s => none", "time goes on")]
    [InlineData("situation a\nsoon => none", "is no time")]
    public void A_line_that_means_nothing_is_refused_with_its_number(string text, string message)
    {
        var refused = Assert.Throws<FormatException>(() => SituationTable.Read("file.txt", text));
        Assert.StartsWith("file.txt:", refused.Message, StringComparison.Ordinal);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}
