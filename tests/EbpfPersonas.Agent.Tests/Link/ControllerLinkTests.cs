using System.Collections.Immutable;
using System.Net;
using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Identity;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Deployment;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Direction = EbpfPersonas.Personas.Model.Direction;
using PortRange = EbpfPersonas.Personas.Model.PortRange;
using Prefix = EbpfPersonas.Personas.Model.Prefix;
using ProcessCondition = EbpfPersonas.Personas.Activation.Triggers.ProcessCondition;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>The link against a real gRPC server.</summary>
public sealed class ControllerLinkTests : IAsyncLifetime
{
    private readonly string _state = Directory.CreateTempSubdirectory("ebpf-personas-state-").FullName;
    private readonly FakeDataplane _dataplane = new();
    private readonly ActivityFeed _feed = new(TimeProvider.System, new UserNames(), _ => null, 100);
    private FakeController _controller = null!;
    private readonly AgentConditions _conditions = new();
    private ControllerLink? _link;
    private DesiredStateApplier _applier = null!;
    private AuditTrail _audit = null!;
    private Confirmations _confirmations = null!;
    private readonly SwitchReports _switches;

    public ControllerLinkTests() => _switches = new SwitchReports(_feed, NullLogger<SwitchReports>.Instance);

    public async Task InitializeAsync()
    {
        _controller = await FakeController.StartAsync();
        _controller.Authority.WriteCredentials(_state, "vm-1");
        _feed.Replace([new RunningProcess(1, 0, new ProcessImage("/sbin/init", "/sbin/init", 0, "root"))]);
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _controller.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }

    [Fact]
    public async Task Says_hello_first_and_then_what_runs()
    {
        await StartAsync();
        await _controller.WaitForAsync(m => m.Activity is not null);

        var hello = _controller.Received[0].Hello;
        Assert.Equal(
            "spiffe://ebpf-personas/tenants/default/vms/vm-1",
            Personas.Identity.SpiffeId.Of(Assert.Single(_controller.Presented)));
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), hello.KernelRelease);
        Assert.Equal(36, hello.BootId.Length);
        Assert.Equal(new Protos.V1.RealisedState(), hello.Realised);
        Assert.Contains("attach:tcx", hello.Capabilities);
        Assert.Contains("early:connect", hello.Capabilities);
        var snapshot = _controller.Received[1].Activity;
        Assert.True(snapshot.Snapshot);
        Assert.Equal("/sbin/init", Assert.Single(snapshot.Processes).Started.Path);
        Assert.True(_link!.Connected);
    }

    [Fact]
    public async Task Carries_out_what_the_controller_wants_and_answers_each_generation()
    {
        await StartAsync();
        await _controller.WaitForAsync(m => m.Hello is not null);
        await _controller.PushAsync(1, Wire.Persona("a"));
        await _controller.PushAsync(2, Wire.Persona("refused"));
        await _controller.PushAsync(1, Wire.Persona("older"));
        await _controller.PushAsync(3, null);
        await _controller.WaitForAsync(m => m.Result?.Generation == 3);

        var results = _controller.Received.Select(m => m.Result).OfType<ApplyResult>().ToArray();
        Assert.Equal([1ul, 2ul, 3ul], results.Select(r => r.Generation));
        Assert.Equal("a", results[0].Realised.Persona);
        Assert.Equal("KERNEL", results[1].Error.Code);
        Assert.Equal([1ul, 3ul], _dataplane.Applied);
    }

    [Fact]
    public async Task Reports_activity_in_order_on_the_stream()
    {
        await StartAsync();
        await _controller.WaitForAsync(m => m.Activity?.Snapshot == true);
        for (var pid = 10u; pid < 60; pid++)
        {
            _feed.Add([new ProcessRecord(
                new Agent.Abi.ProcessEvent { Kind = Agent.Abi.ProcessEventKind.Exec, Pid = pid },
                "/bin/sh",
                "/usr/bin/dash")]);
            await Task.Delay(1);
        }

        await _controller.WaitForAsync(m => m.Activity?.Processes.Any(p => p.Started.Pid == 59) == true);
        var batches = _controller.Received.Select(m => m.Activity).OfType<ActivityBatch>().Skip(1).ToArray();
        Assert.Equal(
            Enumerable.Range(10, 50).Select(i => (uint)i),
            batches.SelectMany(b => b.Processes).Select(p => p.Started.Pid));
        Assert.InRange(batches.Length, 1, 25);
    }

    [Fact]
    public async Task Reports_at_once_what_the_controller_waits_for_and_all_that_came_before_it()
    {
        var awaited = new List<ImmutableArray<ProcessCondition>>();
        _feed.Awaited += awaited.Add;
        var reported = new List<bool>();
        _feed.Reported += (_, isUrgent) => reported.Add(isUrgent);
        // No batch is ever due: what goes out goes out before its time.
        await StartAsync(time: new FakeStandingTime());
        await _controller.WaitForAsync(m => m.Activity?.Snapshot == true);
        await _controller.WatchAsync(new Protos.V1.ProcessCondition { ProcessName = "mysql" });
        await WaitAsync(() => awaited.Count == 1);

        _feed.Add([Exec(10, "/bin/sh")]);
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        Assert.Single(_controller.Received, m => m.Activity is not null);
        _feed.Add([Exec(11, "/usr/bin/mysql")]);
        _feed.Hurry(11);
        var batch = (await _controller.WaitForAsync(m => m.Activity?.Snapshot == false)).Activity;

        Assert.Equal([10u, 11u], batch.Processes.Select(process => process.Started.Pid));
        await WaitAsync(() => reported.Count == 2);
        Assert.Equal([false, true], reported);
        Assert.Equal("mysql", Assert.Single(awaited[0]).ProcessName);
        await StopAsync();
        Assert.Empty(awaited[^1]);
    }

    [Fact]
    public async Task Comes_back_when_the_stream_breaks_and_says_what_is_in_force()
    {
        await StartAsync();
        await _controller.WaitForAsync(m => m.Hello is not null);
        await _controller.PushAsync(1, Wire.Persona("a"));
        await _controller.WaitForAsync(m => m.Result is not null);
        _controller.Break();

        var hello = (await _controller.WaitForAsync(m => m.Hello is not null, count: 2)).Hello;
        Assert.Equal(("a", 1ul, 1u), (hello.Realised.Persona, hello.Realised.Generation, hello.Realised.Epoch));
        await _controller.WaitForAsync(m => m.Activity?.Snapshot == true, count: 2);
        await _controller.PushAsync(1, Wire.Persona("a"));
        await _controller.WaitForAsync(m => m.Result is not null, count: 2);
        Assert.Equal([1ul], _dataplane.Applied);
    }

    [Fact]
    public async Task Tells_of_a_switch_until_the_controller_has_it()
    {
        _switches.Take(Switch(1));
        await StartAsync();
        await _controller.WaitForAsync(m => m.Hello is not null);
        _switches.Take(Switch(2));
        _switches.Take(Switch(3));
        await _controller.WaitForAsync(m => m.Switched?.Epoch == 3);
        await _controller.AcknowledgeAsync(new Receipt { Switched = 2 });
        // What comes after it on the stream has been read after it.
        await _controller.PushAsync(1, Wire.Persona("a"));
        await _controller.WaitForAsync(m => m.Result is not null);

        // Whether the third arrived, nobody said.
        _controller.Break();
        await _controller.WaitForAsync(m => m.Switched?.Epoch == 3, count: 2);
        _switches.Take(Switch(4));
        await _controller.WaitForAsync(m => m.Switched?.Epoch == 4);

        Assert.Equal(
            [1u, 2u, 3u, 3u, 4u],
            _controller.Received.Select(m => m.Switched).OfType<SwitchReport>().Select(report => report.Epoch));
    }

    [Fact]
    public async Task A_controller_that_does_not_listen_hears_the_last_switches_when_it_does()
    {
        // More than what is on its way to it, which neither side knows of.
        const uint Many = 50_000;
        var listens = new TaskCompletionSource();
        await StartAsync();
        await _controller.WaitForAsync(m => m.Activity is not null);
        _controller.Listens = listens.Task;
        for (var epoch = 1u; epoch <= Many; epoch++)
        {
            _switches.Take(Switch(epoch));
        }

        listens.SetResult();
        await _controller.WaitForAsync(m => m.Switched?.Epoch == Many);

        var told = _controller.Received.Select(m => m.Switched).OfType<SwitchReport>().Select(one => one.Epoch);
        Assert.InRange(told.Count(), SwitchReports.Max, (int)Many - 1);
        Assert.Equal(
            Enumerable.Range(1, SwitchReports.Max).Select(last => Many - SwitchReports.Max + (uint)last),
            told.Distinct().Order().TakeLast(SwitchReports.Max));
    }

    [Fact]
    public async Task Comes_back_when_the_controller_was_gone_for_a_while()
    {
        await StartAsync();
        await _controller.WaitForAsync(m => m.Hello is not null);
        var (port, authority) = (_controller.Address.Port, _controller.Authority);
        await _controller.DisposeAsync();
        await WaitAsync(() => !_link!.Connected);
        await Task.Delay(TimeSpan.FromSeconds(1));
        _controller = await FakeController.StartAsync(port: port, authority: authority);

        await _controller.WaitForAsync(m => m.Activity?.Snapshot == true);
        // The snapshot does not wait for the welcome.
        await WaitAsync(() => _link!.Connected);
    }

    [Fact]
    public async Task Notices_a_peer_that_went_silent_without_closing_the_connection()
    {
        await using var proxy = new FreezableProxy(_controller.Address.Port);
        await StartAsync(settings => settings with { Controller = proxy.Address });
        await WaitAsync(() => _link!.Connected);
        proxy.Freeze();

        // A silent interval of 5 s, then 5 s without an answer to the ping; and the timer that looks every second or
        // so.
        var took = await Eventually.TrueAsync(
            () => Task.FromResult(!_link!.Connected), TimeSpan.FromSeconds(15), () => "the link noticed the silence");
        Assert.True(took > TimeSpan.FromSeconds(4));
        proxy.Thaw();
        await WaitAsync(() => _link!.Connected);
    }

    [Fact]
    public async Task Takes_no_orders_before_the_welcome()
    {
        _controller.SaysWelcome = false;
        await StartAsync();
        await _controller.WaitForAsync(m => m.Hello is not null);
        await _controller.PushAsync(1, Wire.Persona("a"));

        await _controller.WaitForAsync(m => m.Hello is not null, count: 2);
        Assert.Empty(_dataplane.Applied);
        Assert.False(_link!.Connected);
    }

    [Fact]
    public async Task Opens_the_failsafe_for_the_address_and_for_what_the_operator_lists()
    {
        var ssh = new FailsafeFlow(
            Direction.Ingress, IpProtocol.Tcp,
            new Prefix(IpAddress.Parse("10.9.0.0"), 16),
            new PortRange(22, 22));
        await StartAsync(settings => settings with { Failsafe = [ssh] });
        await _controller.WaitForAsync(m => m.Hello is not null);

        var port = (ushort)_controller.Address.Port;
        var own = new FailsafeFlow(
            Direction.Egress, IpProtocol.Tcp,
            new Prefix(IpAddress.Parse("127.0.0.1"), 32),
            new PortRange(port, port));
        Assert.Equal([own, ssh], Assert.Single(_dataplane.Failsafes));
    }

    [Fact]
    public async Task Finds_a_controller_by_name_and_keeps_its_addresses_and_dns_open()
    {
        await StartAsync(settings =>
            settings with { Controller = new Uri($"https://localhost:{_controller.Address.Port}") });
        await _controller.WaitForAsync(m => m.Hello is not null);

        Assert.Contains(IPAddress.Loopback, new AddressCache(_state).Load("localhost"));
        Assert.All(_dataplane.Failsafes[0], flow => Assert.Equal(new PortRange(53, 53), flow.Ports));
        Assert.Contains(_dataplane.Failsafes[^1], flow => flow.Ports.First == _controller.Address.Port);
    }

    [Fact]
    public async Task Uses_the_addresses_of_last_time_while_dns_knows_nothing()
    {
        new AddressCache(_state).Save("controller.invalid", [IPAddress.Loopback]);
        await StartAsync(settings =>
            settings with { Controller = new Uri($"https://controller.invalid:{_controller.Address.Port}") });

        await _controller.WaitForAsync(m => m.Hello is not null);
    }

    [Fact]
    public async Task Stops_at_once()
    {
        await StartAsync();
        await _controller.WaitForAsync(m => m.Hello is not null);
        var start = TimeProvider.System.GetTimestamp();
        await StopAsync();

        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    private async Task StartAsync(
        Func<AgentSettings, AgentSettings>? change = null, TimeProvider? time = null)
    {
        var settings = new AgentSettings
        {
            InKernelActivation = true,
            Controller = _controller.Address,
            VmId = "vm-1",
            StateDirectory = _state,
            MetricsListen = new IPEndPoint(IPAddress.Loopback, 9435),
            Attach = AttachMode.Auto,
            Cgroup = "none",
            PolicyMemoryMib = 16,
            RuleCapacity = 65536,
            Failsafe = [],
        };
        settings = change?.Invoke(settings) ?? settings;
        var locator = new ControllerLocator(settings, _dataplane, NullLogger<ControllerLocator>.Instance);
        _confirmations = new Confirmations(
            _state, "vm-1", "this boot", () => TimeSpan.Zero, TimeProvider.System,
            NullLogger<Confirmations>.Instance);
        _applier = new DesiredStateApplier(
            _dataplane,
            new StateStore(_state, "vm-1"),
            _confirmations,
            "vm-1",
            TimeProvider.System,
            NullLogger<DesiredStateApplier>.Instance);
        var identity = new VmIdentity(
            new CredentialsFile(_state, "vm-1"), TimeProvider.System, NullLogger<VmIdentity>.Instance);
        var enrolment = new Enrolment(
            settings, identity, new TokenFile(null), new PendingKey(_state),
            new IdentityConditions(_conditions, NullLogger<IdentityConditions>.Instance), TimeProvider.System,
            NullLogger<Enrolment>.Instance);
        _link = new ControllerLink(
            settings,
            locator,
            identity,
            enrolment,
            new AgentGreeting(settings, () => AttachMode.Tcx, () => true),
            _feed,
            _applier,
            _conditions,
            _audit = new AuditTrail(_state, TimeProvider.System),
            _switches,
            _confirmations,
            new ControllerContact(_state, TimeProvider.System),
            time ?? TimeProvider.System,
            NullLogger<ControllerLink>.Instance);
        await _link.StartAsync(CancellationToken.None);
    }

    private static ProcessRecord Exec(uint pid, string path) => new(
        new Agent.Abi.ProcessEvent { Kind = Agent.Abi.ProcessEventKind.Exec, Pid = pid, TimeNs = 1 }, path, path);

    private async Task StopAsync()
    {
        if (_link is not null)
        {
            await _link.StopAsync(CancellationToken.None);
            _link.Dispose();
            _link = null;
        }
    }

    private static SwitchedByItself Switch(uint epoch) => new(
        new Agent.Dataplane.RealisedState(1, epoch, "a", 1), Personas.Activation.Stages.SwitchCause.TriggerBegan, null,
        DateTimeOffset.UnixEpoch);

    private static Task<TimeSpan> WaitAsync(Func<bool> condition) =>
        Eventually.TrueAsync(() => Task.FromResult(condition()), TimeSpan.FromSeconds(10), () => "the link noticed");
}
