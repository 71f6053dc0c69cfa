using System.Collections.Immutable;
using System.Net.Sockets;
using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Tests.Dataplane.Pins;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.TestKit.Deployment;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using AddressFamily = System.Net.Sockets.AddressFamily;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>
/// Lives of staged personas go on where the agent is started again, and with them what the kernel counts.
/// </summary>
public sealed class StagedLivesTests : PinTest
{
    private const string Boot = "boot-1";
    private const string Napper = "tail";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly string _state = System.IO.Directory.CreateTempSubdirectory("staged-lives").FullName;
    private PersonaDataplane? _dataplane;
    private ProcessTracer? _tracer;
    private StagedActivation? _activation;
    private TimeSpan _ahead;

    private string? InForce => _dataplane!.Realised.Persona;

    public override async Task DisposeAsync()
    {
        End();
        System.IO.Directory.Delete(_state, recursive: true);
        await base.DisposeAsync();
    }

    [Theory]
    [InlineData(Boot)]
    [InlineData("boot-2")]
    public async Task A_cooldown_goes_on_after_a_restart_in_the_same_boot(string boot)
    {
        var staging = Staging(new Lifecycle { Cooldown = Hour });
        Start(staging);
        await using (var first = StartNapper())
        {
            await InForceAsync("napping");
            await first.StopAsync();
        }

        await InForceAsync("floor");
        await KeptAsync(life => life.CoolsUntil is not null);
        Start(staging, boot);
        await using var second = StartNapper();

        if (boot == Boot)
        {
            await StateAsync(BindingState.Waiting);
            Assert.Equal("floor", InForce);
            _ahead = Hour;
        }

        await InForceAsync("napping");
    }

    [Fact]
    public async Task A_linger_goes_on_and_ends_when_it_was_to()
    {
        var staging = Staging(new Lifecycle { Linger = Hour });
        Start(staging);
        await using (var process = StartNapper())
        {
            await InForceAsync("napping");
            await process.StopAsync();
        }

        await KeptAsync(life => life.State == BindingState.Lingering);
        Start(staging);
        Assert.Equal("napping", InForce);

        _ahead = Hour;
        await InForceAsync("floor");
    }

    [Fact]
    public async Task A_trigger_that_ended_while_no_agent_ran_lingers_from_its_end()
    {
        var staging = Staging(new Lifecycle { Linger = Hour });
        Start(staging);
        await using (var process = StartNapper())
        {
            await InForceAsync("napping");
            await KeptAsync(life => life.State == BindingState.Live);
            End();
            await process.StopAsync();
        }

        var back = BootClock.Now;
        Start(staging);
        await KeptAsync(life => life.State == BindingState.Lingering);

        var ended = BootClock.FromNanoseconds(_dataplane!.Stages.State.Condition[0].Ended);
        Assert.InRange(ended, TimeSpan.Zero, back);
        Assert.Equal(ended + Hour, Kept()!.LingersUntil);
        Assert.Equal("napping", InForce);
    }

    [Fact]
    public async Task A_life_of_which_no_agent_saw_anything_lingers_from_its_end_too()
    {
        var staging = Staging(new Lifecycle { Linger = Hour });
        Start(staging);
        End();
        await using (var process = StartNapper())
        {
            await Eventually.TrueAsync(
                async () => await File.ReadAllTextAsync($"/proc/{process.Id}/comm") == $"{Napper}\n",
                Patience, () => "it runs the program");
            await process.StopAsync();
        }

        Start(staging);

        Assert.Equal("napping", InForce);
        Assert.Equal(BindingState.Lingering, Kept()?.State);
    }

    [Fact]
    public async Task A_plan_that_asks_much_has_room_however_often_the_agent_is_started_again()
    {
        var names = Enumerable.Range(0, StagePlan.MaxConditions - 1).Select(i => $"program-{i}").Append(Napper);
        var staging = Staging(Lifecycle.OfTriggerAlone, [.. names]);
        Start(staging);
        await using var process = StartNapper();
        await InForceAsync("napping");

        for (var i = 0; i < 3; i++)
        {
            Start(staging);
            Assert.Equal(StagePlan.MaxConditions, _dataplane!.Stages.Watched.Count());
            Assert.Equal("napping", InForce);
        }

        Start(Staging(Lifecycle.OfTriggerAlone));
        Assert.Single(_dataplane!.Stages.Watched);
        await process.StopAsync();
        await InForceAsync("floor");
    }

    [Fact]
    public async Task A_plan_that_is_refused_leaves_what_an_agent_before_put_in_force()
    {
        Start(Staging(Lifecycle.OfTriggerAlone));
        End();
        Load();
        var tooMuch = Staging(
            Lifecycle.OfTriggerAlone,
            [.. Enumerable.Range(0, StagePlan.MaxConditions).Select(i => $"program-{i}").Append(Napper)]);

        Assert.Throws<ApplyException>(() => _activation!.Apply(2, AllowsDns("floor"), tooMuch));

        Assert.Single(_dataplane!.Stages.Watched);
        await using var process = StartNapper();
        await Eventually.TrueAsync(() => Task.FromResult(InForce == "napping"), Patience, () => InForce ?? "none");
    }

    [Fact]
    public async Task A_start_of_the_agent_is_no_switch()
    {
        await StartAndKeepAsync();
        End();

        Load();

        Assert.Empty(Told());
    }

    [Fact]
    public async Task A_switch_while_no_agent_lived_is_told_of()
    {
        await StartAndKeepAsync();
        End();
        await using var process = StartNapper();

        Load();

        var told = Assert.Single(Told());
        Assert.Equal(("napping", SwitchCause.TriggerBegan), (told.Realised.Persona, told.Cause));
    }

    [Fact]
    public async Task A_file_that_cannot_be_used_is_as_none()
    {
        await File.WriteAllTextAsync(Path.Join(_state, LivesFile.Name), "no state");
        Start(Staging(new Lifecycle { Linger = Hour }));
        await using var process = StartNapper();

        await InForceAsync("napping");
        await KeptAsync(life => life.State == BindingState.Live);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_stops_nothing()
    {
        System.IO.Directory.CreateDirectory(Path.Join(_state, LivesFile.Name));
        Start(Staging(new Lifecycle { Linger = Hour }));
        await using var process = StartNapper();

        await InForceAsync("napping");
    }

    private static Staging Staging(Lifecycle lifecycle, params string[] names)
    {
        var trigger = new AnyTrigger(
        [
            .. names.DefaultIfEmpty(Napper)
                .Select(name => new ProcessTrigger(new ProcessCondition { ProcessName = name })),
        ]);
        return new Staging([new(new Binding("napping", 1, trigger, lifecycle), AllowsDns("napping"))], FloorRank: 1);
    }

    private TestKit.Processes.RunningProcess StartNapper() => Vm.Start(Napper, ["-f", "/dev/null"]);

    private void Start(Staging staging, string boot = Boot)
    {
        End();
        Load(boot);
        _activation!.Apply(1, AllowsDns("floor"), staging);
    }

    private void Load(string boot = Boot)
    {
        _dataplane = LoadAndAttach(new DataplaneOptions { Known = [AllowsDns("floor"), AllowsDns("napping")] });
        using var socket = Vm.OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _tracer = ProcessTracer.Open(
            BpfImages.Read("process.bpf.o"), NetworkNamespace.ReadCookie(socket), filter: _dataplane.Filter);
        _tracer.Attach(_dataplane.LinkDirectory);
        var users = new UserNames();
        _activation = new StagedActivation(
            _dataplane,
            new ConditionWatch(
                _dataplane.Stages, users, Vm.RunInside(() => new ProcFiles(users, "thread-self"))),
            () => new Moment(BootClock.Now + _ahead, TimeProvider.System.GetUtcNow() + _ahead),
            Lives(boot));
    }

    private async Task StartAndKeepAsync()
    {
        Start(Staging(Lifecycle.OfTriggerAlone));
        await LookUntilAsync(
            () => Lives().Load()?.Epoch == _dataplane!.Epoch, () => $"epoch {_dataplane!.Epoch} is not kept");
    }

    private List<SwitchedByItself> Told()
    {
        var told = new List<SwitchedByItself>();
        _activation!.Switched += told.Add;
        _activation.Look(thorough: true);
        _activation.Look(thorough: true);
        return told;
    }

    /// <summary>As kill -9 does: nothing is told.</summary>
    private void End()
    {
        _tracer?.Dispose();
        _dataplane?.Dispose();
        (_tracer, _dataplane, _activation) = (null, null, null);
    }

    private LivesFile Lives(string boot = Boot) => new(_state, "vm-1", boot, NullLogger<LivesFile>.Instance);

    private BindingMemory? Kept() => Lives().Load()?.Lives.GetValueOrDefault("napping");

    private Task<TimeSpan> InForceAsync(string persona) =>
        LookUntilAsync(() => InForce == persona, () => $"{InForce} is in force, not {persona}; kept: {Kept()}");

    private Task<TimeSpan> KeptAsync(Func<BindingMemory, bool> condition) =>
        LookUntilAsync(() => Kept() is { } life && condition(life), () => $"kept: {Kept()}");

    private Task<TimeSpan> StateAsync(BindingState state) => KeptAsync(life => life.State == state);

    private Task<TimeSpan> LookUntilAsync(Func<bool> condition, Func<string> otherwise) => Eventually.TrueAsync(
        () =>
        {
            _activation!.Look(thorough: true);
            return Task.FromResult(condition());
        },
        Patience, otherwise);
}
