using System.Collections.Immutable;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// The programs stay small for the verifier. The running kernel may be anybody's, so this one is held to limits; to
/// what is kept in the repository only where its very series is. EBPF_PERSONAS_UPDATE_VERIFIED=1 keeps what it counts.
/// </summary>
public sealed class VerifiedInstructionsTests(ITestOutputHelper output)
{
    /// <summary>2.5 % of the million that the verifier allows a program.</summary>
    private const int ProgramMax = 25_000;

    /// <summary>
    /// 12.5 % of it. The rules alone need less than 2 %; connections, odd packets, early verdicts and the choice of
    /// personas by processes made the rest.
    /// </summary>
    private const int SumMax = 125_000;

    private static readonly string KeptFile = Path.Combine(
        RepositoryRoot(), "tests", "EbpfPersonas.KernelTests", "verified-instructions.txt");

    [Fact]
    public void All_programs_together_need_a_small_part_of_what_the_verifier_allows_one()
    {
        var measured = VerifiedInstructions.Measure();
        foreach (var line in measured.Lines)
        {
            output.WriteLine(line);
        }

        Assert.Contains("filter/judge_first_packet", measured.Counts.Keys);
        Assert.All(measured.Counts, program => Assert.InRange(program.Value, 1u, (uint)ProgramMax));
        Assert.InRange(measured.Sum, 1, SumMax);
    }

    [Fact]
    public void The_running_kernel_needs_about_what_is_kept_for_its_series()
    {
        var measured = VerifiedInstructions.Measure();
        var series = string.Join('.', measured.Kernel.Split('.')[..2]);
        var lines = File.ReadAllLines(KeptFile);
        if (Environment.GetEnvironmentVariable("EBPF_PERSONAS_UPDATE_VERIFIED") == "1")
        {
            lines =
            [
                .. lines.Where(line => !line.StartsWith(series + ".", StringComparison.Ordinal)),
                .. (measured with { Kernel = series + ".0" }).Lines,
            ];
            File.WriteAllLines(KeptFile, lines);
        }

        var kept = VerifiedInstructions.Read(lines);
        Assert.NotEmpty(kept);
        if (kept.Any(kernel => kernel.Kernel.StartsWith(series + ".", StringComparison.Ordinal)))
        {
            Assert.Empty(measured.Differences(kept));
        }
    }

    [Fact]
    public void The_same_release_must_count_the_same_and_another_one_of_the_series_nearly()
    {
        var kept = VerifiedInstructions.Read(["# a comment", "", "6.1.0-56-cloud-amd64 filter/a 1000"]);

        Assert.Empty(Counting("6.1.0-56-cloud-amd64", ("filter/a", 1000)).Differences(kept));
        Assert.Equal(
            ["filter/a: 1001 instructions verified, 1000 are kept for 6.1.0-56-cloud-amd64."],
            Counting("6.1.0-56-cloud-amd64", ("filter/a", 1001)).Differences(kept));
        Assert.Empty(Counting("6.1.0-57-cloud-amd64", ("filter/a", 1100)).Differences(kept));
        Assert.Single(Counting("6.1.0-57-cloud-amd64", ("filter/a", 1101)).Differences(kept));
        Assert.Single(Counting("6.1.0-57-cloud-amd64", ("filter/a", 899)).Differences(kept));
        Assert.Equal(
            ["No counts are kept for a kernel 6.12."],
            Counting("6.12.117+deb12-cloud-amd64", ("filter/a", 1000)).Differences(kept));
    }

    [Fact]
    public void A_program_that_came_or_went_is_a_difference()
    {
        var kept = VerifiedInstructions.Read(["6.1.0 filter/a 1000", "6.1.0 filter/b 10"]);

        Assert.Equal(
            [
                "filter/b: 0 instructions verified, 10 are kept for 6.1.0.",
                "filter/c: 10 instructions verified, 0 are kept for 6.1.0.",
            ],
            Counting("6.1.5", ("filter/a", 1000), ("filter/c", 10)).Differences(kept));
    }

    private static VerifiedInstructions Counting(string kernel, params (string Program, uint Count)[] counts) =>
        new(kernel, counts.ToImmutableSortedDictionary(
            count => count.Program, count => count.Count, StringComparer.Ordinal));

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EbpfPersonas.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException($"No solution above {AppContext.BaseDirectory}.");
        }

        return folder;
    }
}
