using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// A persona that denies everything does not cut the VM off from what the failsafe names, and opens nothing else.
/// </summary>
public sealed class FailsafeTests : IAsyncLifetime
{
    private const int ControllerPort = 7071;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(1500);

    private static readonly FailsafeFlow[] Failsafe =
    [
        Flow(Direction.Egress, "10.0.0.2/32", ControllerPort),
        Flow(Direction.Ingress, "10.0.0.16/28", 22),
        Flow(Direction.Egress, "2001:db8::2/128", ControllerPort),
    ];

    private Lab _lab = null!;
    private LabHost _vm = null!;
    private LabHost _controller = null!;
    private LabHost _admin = null!;

    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        _vm = await _lab.AddHostAsync("vm", "10.0.0.5/24", "2001:db8::5/64");
        _controller = await _lab.AddHostAsync("controller", "10.0.0.2/24", "2001:db8::2/64");
        _admin = await _lab.AddHostAsync("admin", "10.0.0.17/24");
    }

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Fact]
    public async Task Under_deny_everything_the_controller_is_reached() =>
        Assert.Empty(await CutOff(BpfImages.Filter()));

    [Fact]
    public async Task A_filter_without_failsafe_is_caught() =>
        Assert.NotEmpty(await CutOff(TestObjects.Program("failsafe_removed")));

    [Fact]
    public async Task Only_what_the_failsafe_names_passes()
    {
        using var dataplane = Attach(BpfImages.Filter());
        using var ssh = _vm.Listen("10.0.0.5", 22);
        using var other = _vm.Listen("10.0.0.5", 23);
        using var controller = _controller.Listen("10.0.0.2", ControllerPort);
        using var elsewhere = _controller.Listen("10.0.0.2", ControllerPort + 1);

        // Before the persona everything is open, so that what fails later is not simply absent.
        Assert.Equal(SocketError.Success, await _admin.TryConnectAsync("10.0.0.5", 23, Patience));
        Assert.Equal(SocketError.Success, await _controller.TryConnectAsync("10.0.0.5", 22, Patience));
        Assert.Equal(SocketError.Success, await _vm.TryConnectAsync("10.0.0.2", ControllerPort + 1, Patience));
        dataplane.Apply(1, DenyingPersona.Everything);

        Assert.Equal(SocketError.Success, await _admin.TryConnectAsync("10.0.0.5", 22, Patience));
        Assert.Equal(SocketError.TimedOut, await _admin.TryConnectAsync("10.0.0.5", 23, Window));
        Assert.Equal(SocketError.TimedOut, await _controller.TryConnectAsync("10.0.0.5", 22, Window));
        Assert.Equal(SocketError.TimedOut, await _vm.TryConnectAsync("10.0.0.2", ControllerPort + 1, Window));
    }

    [Fact]
    public async Task The_controllers_port_is_no_way_in()
    {
        using var dataplane = Attach(BpfImages.Filter());
        using var listener = _vm.Listen("10.0.0.5", 8080);
        dataplane.Apply(1, DenyingPersona.Everything);
        using var from = _controller.OpenSocket(
            System.Net.Sockets.AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        from.Bind(new IPEndPoint(IPAddress.Parse("10.0.0.2"), ControllerPort));
        using var deadline = new CancellationTokenSource(Window);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await from.ConnectAsync(new IPEndPoint(IPAddress.Parse("10.0.0.5"), 8080), deadline.Token));

        Assert.True(dataplane.ReadCounters().Verdicts.GetValueOrDefault(
            new VerdictKey("deny-everything", PacketDirection.Ingress, Verdict.Dropped, Reason.DefaultDeny))
                .Packets > 0);
    }

    /// <summary>The ways to the controller that do not work under a persona that denies everything.</summary>
    private async Task<List<string>> CutOff(byte[] filter)
    {
        using var dataplane = Attach(filter);
        using var ipv4 = _controller.Listen("10.0.0.2", ControllerPort);
        using var ipv6 = _controller.Listen("2001:db8::2", ControllerPort);
        dataplane.Apply(1, DenyingPersona.Everything);
        var cutOff = new List<string>();
        foreach (var address in new[] { "10.0.0.2", "2001:db8::2" })
        {
            // Long enough for a neighbour to be asked for and for a lost SYN to be repeated.
            if (await _vm.TryConnectAsync(address, ControllerPort, Patience) != SocketError.Success)
            {
                cutOff.Add(address);
            }
        }

        return cutOff;
    }

    private PersonaDataplane Attach(byte[] filter) => _vm.RunInside(() =>
    {
        var loaded = PersonaDataplane.Load(new DataplaneOptions { FilterImage = filter });
        loaded.SetFailsafe(Failsafe);
        loaded.Attach();
        return loaded;
    });

    private static FailsafeFlow Flow(Direction direction, string peer, int port)
    {
        var parts = peer.Split('/');
        return new FailsafeFlow(
            direction,
            IpProtocol.Tcp,
            new Prefix(IpAddress.Parse(parts[0]), int.Parse(parts[1])),
            new PortRange((ushort)port, (ushort)port));
    }
}
