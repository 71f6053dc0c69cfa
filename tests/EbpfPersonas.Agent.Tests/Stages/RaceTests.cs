using System.Collections.Immutable;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Agent.Tests.Activity;
using EbpfPersonas.TestKit.Activation;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>Processes that begin and end on two CPUs at once leave what is in force as their conditions say.</summary>
public sealed class RaceTests(TestPrograms programs, ITestOutputHelper output) : IClassFixture<TestPrograms>
{
    private const int Times = 4_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Two_streams_of_processes_meet_their_personas_and_leave_the_floor()
    {
        var (arrived, live, floor) = await RaceAsync(BpfImages.Read("process.bpf.o"));

        Assert.Equal(new Arrivals(0, 0, 2 * Times, 2 * Times), arrived);
        Assert.Equal((0u, true), (live, floor));
    }

    [Fact]
    public async Task Counters_that_are_not_atomic_are_caught()
    {
        var (arrived, live, floor) = await RaceAsync(TestObjects.Program("processes_counted_plainly"));

        Assert.NotEqual(
            (new Arrivals(0, 0, 2 * Times, 2 * Times), 0u, true), (arrived, live, floor));
    }

    /// <summary>Both programs match one condition each, and one that they share.</summary>
    private async Task<(Arrivals Arrived, uint Live, bool Floor)> RaceAsync(byte[] image)
    {
        await using var lab = await StageLab.CreateAsync(image: image);
        string[] names = ["left", "right"];
        KernelCondition[] conditions =
            [new("left", null, null, null), new(null, null, 0, "run_repeatedly"), new("right", null, null, null)];
        ImmutableArray<StagedPersona> staged =
        [
            .. conditions.Select(condition => lab.Stages.Watch(condition)!.Value)
                .Select(number => new StagedPersona(StageLab.Client with { Name = $"client-{number}" }, [number])),
        ];
        lab.Dataplane.Arrange(new Arrangement
        {
            Generation = 1,
            Floor = StageLab.Before,
            Staged = staged,
            FloorRank = staged.Length,
            Arming = new Arming(0b111, 0),
        });
        var running = names.Select(name =>
        {
            var program = programs.Copy(programs["first_packets"], name);
            return lab.Vm.Start(programs["run_repeatedly"], [$"{Times}", program]);
        }).ToList();
        foreach (var run in running)
        {
            Assert.Equal(0, await run.WaitForExitAsync(Patience));
            await run.DisposeAsync();
        }

        var arrived = await lab.TakeArrivalsAsync();
        uint live = 0;
        for (var number = 0; number < conditions.Length; number++)
        {
            live += lab.Stages.State.Condition[number].Live;
        }

        output.WriteLine($"{arrived}, {live} left over");
        return (arrived, live, lab.InForce == StageLab.Before.Name);
    }
}
