using EbpfPersonas.Agent.Tests.Dataplane;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Proof;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Conntrack;

/// <summary>
/// What `make prove PART=tcp` does, with fewer connections: kernel and reference decide the same on every segment, and
/// know the same of the connection in the end; what is broken does not go through.
/// </summary>
public sealed class KernelConnectionTests(ITestOutputHelper output)
{
    private const int ConnectionCount = 30_000;
    private const int ConnectionsPerPart = 1000;

    [Fact]
    public void Connections_are_judged_segment_by_segment_as_by_the_reference()
    {
        using var filter = new KernelFilter(TestObjects.Program("verdict"));

        var (tally, difference) = Run(filter);

        Assert.Null(Tell(difference));
        Assert.Equal(ConnectionCount, tally.Connections);
        output.WriteLine($"{tally.Packets} segments");
    }

    [Theory]
    [InlineData("rst_anywhere")]
    [InlineData("rst_not_next")]
    [InlineData("fin_anywhere")]
    [InlineData("closed_goes_on")]
    [InlineData("closed_revived")]
    [InlineData("syn_by_flow")]
    public void A_filter_that_is_broken_is_caught(string program)
    {
        using var broken = new KernelFilter(TestObjects.Program(program));

        var (tally, difference) = Run(broken);

        Assert.True(difference is not null, $"{program} went through {tally.Connections} connections.");
        output.WriteLine($"after {tally.Connections} connections: {Tell(difference)}");
    }

    private static (ProofTally Tally, ProofDifference? Difference) Run(KernelFilter filter)
    {
        var seeds = new Prng(VerdictFilterFixture.Seed);
        var tally = new ProofTally();
        for (var i = 0; i < ConnectionCount; i += ConnectionsPerPart)
        {
            if (new Connections(ConnectionsPerPart) { Seed = seeds.Next() }.Run(filter, tally) is { } difference)
            {
                return (tally, difference);
            }
        }

        return (tally, null);
    }

    private static string? Tell(ProofDifference? difference) => difference is null
        ? null
        : $"seed {VerdictFilterFixture.Seed}:\n{string.Join('\n', difference.Lines)}\nbut the kernel {difference.Said}";
}
