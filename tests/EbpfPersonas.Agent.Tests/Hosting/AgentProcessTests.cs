using System.Net.Sockets;
using System.Text;
using EbpfPersonas.TestKit.Identity;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Tmds.Linux;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Hosting;

/// <summary>The whole agent as a process of its own, in a namespace.</summary>
public sealed class AgentProcessTests : IAsyncLifetime
{
    /// <summary>
    /// The assemblies and the framework are those of the tests: the agent's own copy of what ASP.NET Core brings is not
    /// here.
    /// </summary>
    private static readonly string[] Agent =
    [
        "dotnet",
        "exec",
        "--runtimeconfig",
        Path.Join(AppContext.BaseDirectory, "EbpfPersonas.Agent.Tests.runtimeconfig.json"),
        "--depsfile",
        Path.Join(AppContext.BaseDirectory, "EbpfPersonas.Agent.Tests.deps.json"),
        Path.Join(AppContext.BaseDirectory, "ebpf-personas-agent.dll"),
    ];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpf-personas-host-").FullName;
    private Lab _lab = null!;
    private LabHost _host = null!;

    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        _host = await _lab.AddHostAsync("vm", "10.0.0.5/24");
    }

    public async Task DisposeAsync()
    {
        await _lab.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Check_goes_through_the_start_up()
    {
        await using var check = Start("--check");

        Assert.Equal(0, await check.WaitForExitAsync(Patience));
        Assert.StartsWith("ready: ", check.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Join(_folder, "state")));
    }

    [Fact]
    public async Task Check_says_all_that_is_wrong()
    {
        await using var check = Start("--check", "--attach", "xdp", "--controller", "http://10.0.0.1:7071");

        Assert.Equal(1, await check.WaitForExitAsync(Patience));
        Assert.Equal(
            ["controller (--controller)", "attach (--attach)"],
            check.Output.Split('\n').Select(line => line.Split(':')[0]));
    }

    [Fact]
    public async Task Check_notices_an_address_that_the_vm_does_not_have()
    {
        using var authority = new TestAuthority();
        authority.WriteServerFiles(_folder, "192.0.2.1");
        await using var check = Start(
            [
                "--check", "--metrics_listen", "192.0.2.1:9435",
                "--metrics_certificate", Path.Join(_folder, "server.pem"),
                "--metrics_key", Path.Join(_folder, "server.key"), "--metrics_client_ca", Path.Join(_folder, "ca.pem"),
            ]);

        Assert.Equal(1, await check.WaitForExitAsync(Patience));
        Assert.StartsWith("metrics_listen: 192.0.2.1:0: ", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_notices_certificates_for_metrics_that_cannot_be_read()
    {
        await using var check = Start(
            [
                "--check", "--metrics_certificate", Path.Join(_folder, "server.pem"),
                "--metrics_key", Path.Join(_folder, "server.key"), "--metrics_client_ca", Path.Join(_folder, "ca.pem"),
            ]);

        Assert.Equal(1, await check.WaitForExitAsync(Patience));
        Assert.StartsWith("metrics_certificate and metrics_key: ", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vm_without_a_certificate_is_governed_and_told_what_is_missing()
    {
        await using var agent = Start();

        await agent.WaitForOutputAsync("filters attached by", Patience);
        await agent.WaitForOutputAsync("This VM has no certificate. It needs an enrolment token", Patience);
        Assert.Equal(0, await agent.StopAsync());
    }

    [Fact]
    public async Task A_crash_leaves_no_core_file_with_keys_in_it()
    {
        await using var agent = Start();
        await agent.WaitForOutputAsync("filters attached by", Patience);

        var limits = await File.ReadAllLinesAsync($"/proc/{agent.Id}/limits");
        Assert.Equal(
            ["0", "0", "bytes"],
            limits.Single(line => line.StartsWith("Max core file size", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[4..]);
        Assert.Equal(0, await agent.StopAsync());
    }

    [Fact]
    public async Task Is_ready_for_systemd_once_the_filters_are_attached_and_stops_within_two_seconds()
    {
        using var notifications = ListenForNotifications();
        await using var agent = StartAsService();

        Assert.Equal("READY=1", await ReceiveAsync(notifications));
        await agent.WaitForOutputAsync("filters attached by", Patience);
        var start = TimeProvider.System.GetTimestamp();
        agent.Signal(LibC.SIGTERM);
        Assert.Equal("STOPPING=1", await ReceiveAsync(notifications));
        Assert.Equal(0, await agent.WaitForExitAsync(Patience));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Tells_systemd_that_it_lives()
    {
        using var notifications = ListenForNotifications();
        await using var agent = StartAsService(("WATCHDOG_USEC", "1500000"));

        var heard = new List<string>();
        while (heard.Count(message => message == "WATCHDOG=1") < 4)
        {
            heard.Add(await ReceiveAsync(notifications));
        }

        Assert.Equal("READY=1", Assert.Single(heard, message => message != "WATCHDOG=1"));
        agent.Signal(LibC.SIGTERM);
        Assert.Equal(0, await agent.WaitForExitAsync(Patience));
    }

    [Theory]
    [InlineData("10.0.0.77", "10.0.0.77:9435", "10.0.0.77/24")]
    [InlineData("fd00::77", "[fd00::77]:9435", "fd00::77/64")]
    public async Task Metrics_are_served_at_an_address_that_the_vm_gets_later(
        string ip, string listen, string assignment)
    {
        using var authority = new TestAuthority();
        authority.WriteServerFiles(_folder, ip);
        await using var agent = Start(
            "--metrics_listen", listen, "--metrics_certificate", Path.Join(_folder, "server.pem"),
            "--metrics_key", Path.Join(_folder, "server.key"), "--metrics_client_ca", Path.Join(_folder, "ca.pem"));
        await agent.WaitForOutputAsync($"No interface has {listen} yet", Patience);
        await agent.WaitForOutputAsync("filters attached by", Patience);

        string[] flags = ip.Contains(':', StringComparison.Ordinal) ? ["nodad"] : [];
        await _host.RunAsync("ip", ["address", "add", assignment, "dev", "eth0", .. flags]);
        using var socket = await _host.ConnectAsync(ip, 9435, Patience);
        Assert.True(socket.Connected);
        Assert.Equal(0, await agent.StopAsync());
    }

    [Fact]
    public async Task An_agent_that_cannot_give_early_verdicts_says_so_and_governs_without_them()
    {
        await using var agent = Start("--cgroup", _folder);

        await agent.WaitForOutputAsync("filters attached by", Patience);
        Assert.Contains("Programs are not told at once", agent.Output, StringComparison.Ordinal);
        Assert.Equal(0, await agent.StopAsync());
    }

    private Socket ListenForNotifications()
    {
        var notifications = new Socket(
            System.Net.Sockets.AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        notifications.Bind(new UnixDomainSocketEndPoint(Path.Join(_folder, "notify")));
        return notifications;
    }

    /// <summary>As systemd would: the host library looks for a parent of that name.</summary>
    private RunningProcess StartAsService(params (string Name, string Value)[] environment)
    {
        var parent = Path.Join(_folder, "systemd");
        File.Copy("/bin/sh", parent);
        string[] script = ["-c", "\"$@\" & trap \"kill -TERM $!\" TERM; wait $!; wait $!", "sh"];
        return _host.Start(
            parent,
            [.. script, .. Agent, .. Arguments()],
            environment.Append(("NOTIFY_SOCKET", Path.Join(_folder, "notify")))
                .ToDictionary(pair => pair.Item1, pair => pair.Item2));
    }

    private static async Task<string> ReceiveAsync(Socket notifications)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var buffer = new byte[256];
        return Encoding.UTF8
            .GetString(buffer, 0, await notifications.ReceiveAsync(buffer, deadline.Token))
            .TrimEnd('\n');
    }

    private RunningProcess Start(params string[] arguments) =>
        _host.Start(Agent[0], [.. Agent[1..], .. Arguments(), .. arguments]);

    private string[] Arguments() =>
        ["--vm_id", "vm", "--state_directory", Path.Join(_folder, "state"), "--cgroup", "none", "--pin_root", "none"];
}
