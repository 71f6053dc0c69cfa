using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Deployment;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using RunningProcess = EbpfPersonas.TestKit.Processes.RunningProcess;

namespace EbpfPersonas.Agent.Tests.Activity;

/// <summary>Trace, scan and feed together, on real processes.</summary>
public sealed class ProcessPumpTests(TestPrograms programs) : IClassFixture<TestPrograms>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Knows_what_ran_before_the_start_and_reports_its_end()
    {
        await using var traced = await TracedHost.CreateAsync();
        await using var before = traced.Host.Start(programs["fork_and_wait"], []);
        await before.WaitForOutputAsync("child", Patience);
        using var feed = new PumpedFeed(traced, before.Id);
        await feed.WaitForAsync(b =>
            b.Snapshot && b.Processes.Count(p => p.Started.Path == programs["fork_and_wait"]) == 2);

        before.CloseInput();
        await feed.WaitForAsync(b => b.Processes.Any(p => p.Exited?.Pid == before.Id));
    }

    [Fact]
    public async Task Reports_a_program_within_moments_of_its_start()
    {
        await using var traced = await TracedHost.CreateAsync();
        await using var anchor = await StartAnchorAsync(traced);
        using var feed = new PumpedFeed(traced, anchor.Id);
        await feed.WaitForAsync(b => b.Snapshot);

        await using var process = traced.Host.Start("/bin/sleep", ["61"]);
        await feed.WaitForAsync(b => b.Processes.Any(p =>
            p.Started is { Kind: StartKind.Exec, Executable: "/usr/bin/sleep" } started && started.Pid == process.Id));
    }

    [Fact]
    public async Task Scans_again_after_a_loss_and_ends_up_with_the_truth()
    {
        await using var traced = await TracedHost.CreateAsync(ringSize: 4096);
        await using var anchor = await StartAnchorAsync(traced);
        using var feed = new PumpedFeed(traced, anchor.Id);
        await feed.WaitForAsync(b => b.Snapshot);

        // 4 KiB hold one such path, and the pump comes every 10 ms.
        var longPath = new string('/', 3000) + "bin/true";
        await traced.Host.RunAsync("/bin/sh", "-c", $"i=0; while [ $i -lt 300 ]; do {longPath}; i=$((i+1)); done");
        await using var after = traced.Host.Start("/bin/sleep", ["61"]);

        await feed.WaitForAsync(_ => traced.Tracer.ReadLost() > 0);
        await feed.WaitForAsync(_ =>
            feed.Live.Order().SequenceEqual(new[] { (uint)anchor.Id, (uint)after.Id }.Order()));
    }

    [Fact]
    public async Task Tells_how_long_ago_a_turn_went_well()
    {
        await using var traced = await TracedHost.CreateAsync();
        await using var anchor = await StartAnchorAsync(traced);
        using var mayGoOn = new ManualResetEventSlim(true);
        using var feed = new PumpedFeed(traced, anchor.Id, look: () => mayGoOn.Wait(Patience));
        await feed.WaitForAsync(b => b.Snapshot);
        Assert.InRange(feed.SinceTurn, TimeSpan.Zero, TimeSpan.FromSeconds(2));

        mayGoOn.Reset();
        await Eventually.TrueAsync(
            () => Task.FromResult(feed.SinceTurn > TimeSpan.FromSeconds(3)), Patience, () => "its time grows");
        mayGoOn.Set();
        await Eventually.TrueAsync(
            () => Task.FromResult(feed.SinceTurn < TimeSpan.FromSeconds(2)), Patience, () => "it turns again");
    }

    /// <summary>A process that is in the namespace for certain: nsenter goes there before it becomes sleep.</summary>
    private static async Task<RunningProcess> StartAnchorAsync(TracedHost traced)
    {
        var anchor = traced.Host.Start("/bin/sleep", ["60"]);
        await Eventually.TrueAsync(
            () => Task.FromResult(new FileInfo($"/proc/{anchor.Id}/exe").LinkTarget == "/usr/bin/sleep"),
            Patience,
            () => "it sleeps");
        return anchor;
    }

    /// <summary>
    /// A pump in its own right, and a reader that keeps the list of live processes as a controller would.
    /// </summary>
    private sealed class PumpedFeed : IDisposable
    {
        private readonly ActivityFeed _feed;
        private readonly ProcessPump _pump;

        public PumpedFeed(TracedHost traced, int anchor, System.Action? look = null)
        {
            var files = new ProcFiles(new UserNames(), anchor.ToString(CultureInfo.InvariantCulture));
            _feed = new ActivityFeed(TimeProvider.System, new UserNames(), files.Read, traced.Tracer.Capacity);
            _pump = new ProcessPump(
                traced.Tracer, traced.Stages, _feed, (_, _) => look?.Invoke(), _ => false, files, TimeProvider.System,
                NullLogger<ProcessPump>.Instance);
            traced.Tracer.Attach();
            _pump.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        }

        public HashSet<uint> Live { get; } = [];

        public TimeSpan SinceTurn => _pump.SinceTurn;

        public async Task WaitForAsync(Func<ActivityBatch, bool> wanted)
        {
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < Patience)
            {
                var batch = _feed.Take()?.Message ?? new ActivityBatch();
                Learn(batch);
                if (wanted(batch))
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }

            throw new TimeoutException($"Not reported; live are {string.Join(", ", Live)}.");
        }

        public void Dispose()
        {
            _pump.StopAsync(CancellationToken.None).GetAwaiter().GetResult();
            _pump.Dispose();
        }

        private void Learn(ActivityBatch batch)
        {
            if (batch.Snapshot)
            {
                Live.Clear();
            }

            foreach (var happened in batch.Processes)
            {
                if (happened.Exited is { } exited)
                {
                    Live.Remove(exited.Pid);
                }
                else
                {
                    Live.Add(happened.Started.Pid);
                }
            }
        }
    }
}
