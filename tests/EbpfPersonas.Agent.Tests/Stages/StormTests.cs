using System.Diagnostics;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Agent.Tests.Activity;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>However many processes come and go, none of those that matter is missed, and none stays behind.</summary>
public sealed class StormTests(TestPrograms programs, ITestOutputHelper output)
    : IClassFixture<TestPrograms>, IAsyncLifetime
{
    private const int Execs = 50_000;
    private const int Matching = Execs / 100;
    private const double RateMin = 5_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private StageLab _lab = null!;

    public async Task InitializeAsync() => _lab = await StageLab.CreateAsync();

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Fact]
    public async Task No_trigger_is_lost_or_left_over_and_every_event_is_delivered_or_counted_as_lost()
    {
        var untraced = await StormAsync(outside: true);
        var before = _lab.Tracer.ReadLost();
        _lab.Tracer.Drain();
        _lab.StageClient(new KernelCondition("first_packets", null, null, null));
        using var stop = new CancellationTokenSource();
        var (delivered, turns) = (0L, 0L);
        var reading = Task.Run(async () =>
        {
            do
            {
                delivered += _lab.Tracer.Drain().Count;
                turns += _lab.Tracer.Turns.Count;
                await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            }
            while (!stop.IsCancellationRequested);
        });

        var traced = await StormAsync(outside: false);
        await stop.CancelAsync();
        await reading;
        delivered += _lab.Tracer.Drain().Count;
        turns += _lab.Tracer.Turns.Count;
        var lost = (long)(_lab.Tracer.ReadLost() - before);

        output.WriteLine(
            $"{untraced:F0} execs a second untraced, {traced:F0} traced; {delivered} events and {turns} turns "
            + $"delivered, {lost} lost");
        Assert.True(untraced >= RateMin, $"void: {untraced:F0} execs a second are no storm");
        Assert.Equal(new Arrivals(0, 0, 2 * Matching, 2 * Matching), await _lab.TakeArrivalsAsync());
        Assert.Equal(0u, _lab.Stages.State.Condition[0].Live);
        Assert.Equal(0ul, _lab.Stages.State.Unsettled);

        // Each process forks, executes and ends; two storms, and their own programs through nsenter: 2 execs and an
        // end each, and the forks of .NET's, which are in another namespace, do not count.
        Assert.InRange(delivered + lost, 2 * 3 * Execs, (2 * 3 * Execs) + turns + 10);
        Assert.InRange(turns, 1, 4 * Matching);
    }

    /// <summary>Two at once, one for each CPU. Gives the execs per second.</summary>
    private async Task<double> StormAsync(bool outside)
    {
        var start = Stopwatch.GetTimestamp();
        string[] arguments =
            [$"{Execs}", programs["do_nothing"], outside ? programs["do_nothing"] : programs["first_packets"]];
        var host = outside ? _lab.Peer : _lab.Vm;
        await using var first = host.Start(programs["exec_storm"], arguments);
        await using var second = host.Start(programs["exec_storm"], arguments);
        Assert.Equal(0, await first.WaitForExitAsync(Patience));
        Assert.Equal(0, await second.WaitForExitAsync(Patience));
        return 2 * Execs / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
