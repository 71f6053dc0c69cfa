using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Agent.Tests.Activity;
using EbpfPersonas.TestKit.Activation;
using EbpfPersonas.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>
/// A new process meets the persona that its own exec put in force, from its first packet on, and whoever comes after it
/// the one before.
/// </summary>
public sealed class FirstPacketTests(TestPrograms programs, ITestOutputHelper output)
    : IClassFixture<TestPrograms>, IAsyncLifetime
{
    private const int Times = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private StageLab _lab = null!;

    public async Task InitializeAsync() => _lab = await StageLab.CreateAsync();

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task Every_first_packet_meets_the_new_persona(int busy)
    {
        var mysql = NameItMysql();
        _lab.StageClient(new KernelCondition("mysql", null, null, null));
        await using var others = new BusyProcesses(busy);

        await RunAsync(mysql);

        var arrived = await _lab.TakeArrivalsAsync();
        output.WriteLine($"{Times} times with {busy} busy processes: {arrived}");
        Assert.Equal(new Arrivals(0, 0, Times, Times), arrived);

        // Nothing is left of it, and what it could not reach can be reached again, also by the same program.
        Assert.Equal(0u, _lab.Stages.State.Condition[0].Live);
        await RunAsync(programs["first_packets"]);
        Assert.Equal(new Arrivals(Times, Times, 0, 0), await _lab.TakeArrivalsAsync());
    }

    [Fact]
    public async Task Switched_from_user_space_some_packets_meet_the_old_persona_and_this_test_sees_it()
    {
        var mysql = NameItMysql();
        var floor = _lab.Dataplane.Publish(StageLab.Before, 1);
        var client = _lab.Dataplane.Publish(StageLab.Client, 1);
        _lab.Dataplane.SwitchTo(floor);
        using var stop = new CancellationTokenSource();
        var switching = Task.Run(() =>
        {
            var live = new HashSet<uint>();
            while (!stop.IsCancellationRequested)
            {
                foreach (var record in _lab.Tracer.Drain())
                {
                    var changed = record.Event.Kind == ProcessEventKind.Exec && record.Path == mysql
                        ? live.Add(record.Event.Pid)
                        : record.Event.Kind == ProcessEventKind.Exit && live.Remove(record.Event.Pid);
                    if (changed)
                    {
                        _lab.Dataplane.SwitchTo(live.Count > 0 ? client : floor);
                    }
                }
            }
        });

        await RunAsync(mysql);
        await stop.CancelAsync();
        await switching;

        var arrived = await _lab.TakeArrivalsAsync();
        output.WriteLine($"{Times} times, switched from user space: {arrived}");
        Assert.True(arrived.UdpOld + arrived.TcpOld > 0, "nothing leaked: then the test above shows nothing");
    }

    private string NameItMysql() => programs.Copy(programs["first_packets"], "mysql");

    private async Task RunAsync(string program)
    {
        await using var run = _lab.Vm.Start(programs["run_repeatedly"], [$"{Times}", program]);
        Assert.Equal(0, await run.WaitForExitAsync(Patience));
    }
}
