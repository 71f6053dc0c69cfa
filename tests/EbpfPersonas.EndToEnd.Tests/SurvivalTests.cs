using System.Globalization;
using EbpfPersonas.Enforcer;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Survival;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>
/// What is in force stays in force, whatever becomes of the process that put it there. `make campaign` runs the same
/// longer.
/// </summary>
public sealed class SurvivalTests : LabTest
{
    private const string VmAddress = "10.0.0.5";
    private const string PeerAddress = "10.0.0.10";
    private const string OtherLayout = "artifacts/bpf/tests/other_layout.bpf.o";
    private const string FlowsForgotten = "artifacts/bpf/tests/flows_forgotten.bpf.o";

    /// <summary>How soon a killed agent is back.</summary>
    private static readonly TimeSpan BackAgain = TimeSpan.FromSeconds(3);

    /// <summary>Of the flows that the traffic should have begun, so many were.</summary>
    private const double LoadMin = 0.7;

    /// <summary>Of one test; there are two, one for each way to attach.</summary>
    private static readonly int Kills = Number("EBPF_PERSONAS_KILLS", 25);

    /// <summary>And downgrades, in turns.</summary>
    private static readonly int Upgrades = Number("EBPF_PERSONAS_UPGRADES", 25);

    private BpfFileSystem? _pins;

    private LabHost Vm { get; set; } = null!;

    private LabHost Peer { get; set; } = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Vm = await Lab.AddHostAsync("vm", VmAddress + "/24");
        Peer = await Lab.AddHostAsync("peer", PeerAddress + "/24");
        _pins = await BpfFileSystem.MountAsync();
    }

    public override async Task DisposeAsync()
    {
        if (_pins is not null)
        {
            await _pins.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task Kills_at_any_moment_let_nothing_through_and_break_nothing(string attach)
    {
        var starts = await KillAsync(Kills, "attach=" + attach, Pins);

        // Of a process that is compiled while it starts, on a machine that has other work.
        Assert.InRange(starts.Order().ElementAt(starts.Count / 2), TimeSpan.Zero, BackAgain);
    }

    [Fact]
    public async Task Filters_that_die_with_the_agent_are_caught()
    {
        await using var first = EnforcerProcess.Start(Vm, "attach=tcx");
        await first.WaitUntilReadyAsync();
        using var traffic = Traffic();
        await RunAsync(traffic, TimeSpan.FromSeconds(1));
        Assert.Equal(0, traffic.Tally.Arrived);

        await first.KillAsync();

        await Eventually.TrueAsync(
            () => Task.FromResult(traffic.Tally.Arrived > 0), TimeSpan.FromSeconds(10), () => "denied octets arrive");
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task Upgrades_and_downgrades_let_nothing_through_break_nothing_and_leave_nothing(string attach)
    {
        var random = new Random(1);
        var processes = new List<EnforcerProcess>();
        string[] arguments = ["attach=" + attach, Pins];
        try
        {
            processes.Add(EnforcerProcess.Start(Vm, arguments));
            await processes[0].WaitUntilReadyAsync();
            using (var traffic = Traffic())
            {
                for (var round = 1; round <= Upgrades; round++)
                {
                    await EndAsync(processes[^1], random.Next(2) == 0, random);
                    var next = round % 2 == 0 ? arguments : [.. arguments, Image(OtherLayout)];
                    if (random.Next(3) == 0)
                    {
                        await KillAtStartAsync(processes, next, random);
                    }

                    processes.Add(EnforcerProcess.Start(Vm, next));
                    await processes[^1].WaitUntilReadyAsync();
                    AssertFollows(processes[^2], processes[^1]);
                }

                await AssertUndisturbedAsync(traffic);
            }

            await AssertAllGoneAsync(processes[..^1], heir: processes[^1]);
            await processes[^1].StopAsync();
            Assert.NotEmpty(processes[^1].Held());
            await using var last = EnforcerProcess.Start(Vm, [.. arguments, "detach=true"]);
            Assert.True(await last.WaitForEndAsync() == 0, last.ToString());
            await AssertAllGoneAsync([.. processes, last]);
            Assert.Empty(_pins!.Entries());
        }
        finally
        {
            foreach (var process in processes)
            {
                await process.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task An_upgrade_that_forgets_flows_is_caught()
    {
        await using var first = EnforcerProcess.Start(Vm, "attach=tcx", Pins);
        await first.WaitUntilReadyAsync();
        using var traffic = Traffic();
        await RunAsync(traffic, TimeSpan.FromSeconds(1));
        Assert.Equal(0, traffic.Tally.Broken);
        Assert.Equal(0, await first.StopAsync());

        await using var next = EnforcerProcess.Start(Vm, "attach=tcx", Pins, Image(FlowsForgotten));
        await next.WaitUntilReadyAsync();

        await Eventually.TrueAsync(
            () => Task.FromResult(traffic.Tally.Broken > 0), TimeSpan.FromSeconds(20), () => "flows break");
        Assert.Equal(0, traffic.Tally.Arrived);
    }

    private string Pins => "pins=" + Path.Join(_pins!.Path, "vm-1");

    private static string Image(string file) => "image=" + BuiltProduct.File(file);

    private SteadyTraffic Traffic() => new((Vm, VmAddress), (Peer, PeerAddress), TestPersonas.AllowedPort);

    /// <summary>
    /// Kills so often, in the middle of applies, and now and then in the middle of a start; gives how long it took
    /// each time until the next one enforced.
    /// </summary>
    private async Task<List<TimeSpan>> KillAsync(int kills, params string[] arguments)
    {
        var random = new Random(1);
        var starts = new List<TimeSpan>();
        var enforcer = EnforcerProcess.Start(Vm, arguments);
        try
        {
            await enforcer.WaitUntilReadyAsync();
            using var traffic = Traffic();
            for (var kill = 0; kill < kills; kill++)
            {
                await EndAsync(enforcer, killed: true, random);
                var before = enforcer;
                enforcer = EnforcerProcess.Start(Vm, arguments);
                if (random.Next(3) == 0)
                {
                    await Task.Delay(random.Next(900));
                    await enforcer.KillAsync();
                    await enforcer.DisposeAsync();
                    enforcer = EnforcerProcess.Start(Vm, arguments);
                }

                starts.Add(await enforcer.WaitUntilReadyAsync());
                AssertFollows(before, enforcer);
                await before.DisposeAsync();
            }

            await AssertUndisturbedAsync(traffic);
            return starts;
        }
        finally
        {
            await enforcer.DisposeAsync();
        }
    }

    private async Task KillAtStartAsync(List<EnforcerProcess> processes, string[] arguments, Random random)
    {
        processes.Insert(0, EnforcerProcess.Start(Vm, arguments));
        await Task.Delay(random.Next(900));
        await processes[0].KillAsync();
    }

    private static async Task EndAsync(EnforcerProcess process, bool killed, Random random)
    {
        await Task.Delay(random.Next(200));
        if (killed)
        {
            await process.KillAsync();
        }
        else
        {
            Assert.Equal(0, await process.StopAsync());
        }
    }

    /// <summary>Epochs and generations go on, and the persona is the one that the generation brought.</summary>
    private static void AssertFollows(EnforcerProcess before, EnforcerProcess after)
    {
        var (began, goesOn) = (before.Began, after.Began);
        Assert.True(
            goesOn.Generation >= began.Generation && goesOn.Epoch >= began.Epoch, $"{goesOn} comes after {began}");
        Assert.Equal(TestPersonas.Of(goesOn.Generation).Name, goesOn.Persona);
    }

    private static async Task RunAsync(SteadyTraffic traffic, TimeSpan duration)
    {
        var until = traffic.Elapsed + duration;
        await Eventually.TrueAsync(
            () => Task.FromResult(traffic.Elapsed >= until), duration * 10, () => $"traffic flows for {duration}");
    }

    private static async Task AssertUndisturbedAsync(SteadyTraffic traffic)
    {
        await RunAsync(traffic, TimeSpan.FromSeconds(1));
        var tally = traffic.Tally;
        Assert.Empty(tally.Findings);
        Assert.Equal((0, 0, 0), (tally.Arrived, tally.Broken, tally.Repeated));
        var least = traffic.Elapsed.TotalSeconds * SteadyTraffic.FlowsPerSecond * LoadMin;
        Assert.True(tally.Allowed > least && tally.Denied > least, $"{tally.Allowed}, {tally.Denied} > {least}");
    }

    /// <summary>
    /// The kernel frees programs and maps some moments after the last one that used them; those of one that was killed
    /// when it had just taken over are its <paramref name="heir"/>'s.
    /// </summary>
    private static async Task AssertAllGoneAsync(
        IReadOnlyList<EnforcerProcess> processes, EnforcerProcess? heir = null)
    {
        string[] left = [];
        await Eventually.TrueAsync(
            () =>
            {
                left = [.. processes.SelectMany(process => process.Held()).Except(heir?.Held() ?? [])];
                return Task.FromResult(left.Length == 0);
            },
            TimeSpan.FromSeconds(10),
            () => $"the kernel holds none of the maps and programs of before: {string.Join(", ", left)}");
    }

    private static int Number(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var n) ? n : usual;
}
