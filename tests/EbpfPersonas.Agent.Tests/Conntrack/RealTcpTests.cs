using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Conntrack;

/// <summary>
/// Everything that the kernel's TCP does passes, in both directions, where the persona lets but the originator's
/// direction begin.
/// </summary>
public sealed class RealTcpTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Port = ConntrackLab.Port;
    private const int ShortConnections = 2500;
    private const int Bulk = 200 << 20;

    private ConntrackLab _lab = null!;

    public static TheoryData<AttachMode, Direction> Ways => new()
    {
        { AttachMode.Tcx, Direction.Egress },
        { AttachMode.Tcx, Direction.Ingress },
        { AttachMode.Clsact, Direction.Egress },
        { AttachMode.Clsact, Direction.Ingress },
    };

    public async Task InitializeAsync() => _lab = await ConntrackLab.CreateAsync();

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Much_data_goes_both_ways(AttachMode mode, Direction begins)
    {
        var (client, server) = await ConnectAsync(mode, begins);
        using (client)
        using (server)
        {
            await Task.WhenAll(SendAsync(client, Bulk), SendAsync(server, Bulk), ReceiveAsync(client, Bulk),
                ReceiveAsync(server, Bulk));
        }

        await AssertNothingStoppedAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Many_short_connections_close_in_every_way(AttachMode mode, Direction begins)
    {
        using var listener = Listen(mode, begins);
        var (clientHost, _, address) = _lab.Roles(begins);
        for (var i = 0; i < ShortConnections; i++)
        {
            using var client = await clientHost.ConnectAsync(address, Port, ConntrackLab.Patience);
            using var server = await listener.AcceptAsync();
            client.Send(new byte[100]);
            await ReceiveAsync(server, 100);
            switch (i % 5)
            {
                case 0: // the client first
                    client.Shutdown(SocketShutdown.Both);
                    Assert.Equal(0, server.Receive(new byte[1]));
                    break;
                case 1: // the server first
                    server.Shutdown(SocketShutdown.Both);
                    Assert.Equal(0, client.Receive(new byte[1]));
                    break;
                case 2: // both at once
                    Parallel.Invoke(
                        () => client.Shutdown(SocketShutdown.Send), () => server.Shutdown(SocketShutdown.Send));
                    break;
                case 3: // by a reset
                    client.LingerState = new LingerOption(true, 0);
                    client.Close();
                    Assert.Throws<SocketException>(() => server.Receive(new byte[1]));
                    break;
                default: // with data that nobody read, which is a reset as well
                    server.Send(new byte[100]);
                    client.Poll(ConntrackLab.Patience, SelectMode.SelectRead);
                    client.Close();
                    break;
            }
        }

        await AssertNothingStoppedAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task One_half_goes_on_when_the_other_is_closed(AttachMode mode, Direction begins)
    {
        var (client, server) = await ConnectAsync(mode, begins);
        using (client)
        using (server)
        {
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, server.Receive(new byte[1]));
            await Task.WhenAll(SendAsync(server, 10 << 20), ReceiveAsync(client, 10 << 20));
            server.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, client.Receive(new byte[1]));
        }

        await AssertNothingStoppedAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_port_is_used_again_at_once(AttachMode mode, Direction begins)
    {
        using var listener = Listen(mode, begins);
        var (clientHost, _, address) = _lab.Roles(begins);
        for (var i = 0; i < 20; i++)
        {
            using var client = clientHost.OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            client.Bind(new IPEndPoint(IPAddress.Any, 40000));
            // The server closes first, so that it is in TIME_WAIT when the client's next SYN comes.
            await client.ConnectAsync(new IPEndPoint(IPAddress.Parse(address), Port));
            using var server = await listener.AcceptAsync();
            server.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, client.Receive(new byte[1]));
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, server.Receive(new byte[1]));
        }

        await AssertNothingStoppedAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Keep_alives_and_a_window_that_is_closed_for_long(AttachMode mode, Direction begins)
    {
        using var listener = Listen(mode, begins);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveBuffer, 4096);
        var (clientHost, _, address) = _lab.Roles(begins);
        using var client = await clientHost.ConnectAsync(address, Port, ConntrackLab.Patience);
        using var server = await listener.AcceptAsync();
        foreach (var end in new[] { client, server })
        {
            end.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            end.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 1);
            end.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        }

        var sending = SendAsync(client, 1 << 20);
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.False(sending.IsCompleted, "nobody reads");
        await ReceiveAsync(server, 1 << 20);
        await sending;
        await Task.Delay(TimeSpan.FromSeconds(3));
        await Task.WhenAll(SendAsync(server, 1000), ReceiveAsync(client, 1000));

        await AssertNothingStoppedAsync();
    }

    [Theory]
    [InlineData(0, Direction.Egress)]
    [InlineData(0, Direction.Ingress)]
    [InlineData(14, Direction.Egress)]
    [InlineData(14, Direction.Ingress)]
    public async Task Windows_are_scaled_not_at_all_and_as_far_as_they_can_be(int scale, Direction begins)
    {
        foreach (var host in new[] { _lab.Vm, _lab.Peer })
        {
            // Linux draws the scale from the largest receive buffer: 2^30 octets are 14.
            await host.RunAsync("sh", "-c", scale == 0
                ? "echo 0 > /proc/sys/net/ipv4/tcp_window_scaling"
                : "echo '4096 131072 1073741824' > /proc/sys/net/ipv4/tcp_rmem");
        }

        var (client, server) = await ConnectAsync(AttachMode.Auto, begins);
        using (client)
        using (server)
        {
            await Task.WhenAll(SendAsync(client, Bulk / 10), SendAsync(server, Bulk / 10),
                ReceiveAsync(client, Bulk / 10), ReceiveAsync(server, Bulk / 10));
        }

        await AssertNothingStoppedAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Losses_are_made_good(AttachMode mode, Direction begins)
    {
        // On the peer, beyond the filter: one of 50 packets, either way.
        await _lab.Peer.RunAsync("nft", "add", "table", "ip", "loss");
        foreach (var hook in new[] { "input", "output" })
        {
            await _lab.Peer.RunAsync(
                "nft", "add", "chain", "ip", "loss", hook, $"{{ type filter hook {hook} priority 0 ; }}");
            await _lab.Peer.RunAsync(
                "nft", "add", "rule", "ip", "loss", hook, "numgen random mod 50 == 0 counter drop");
        }

        var (client, server) = await ConnectAsync(mode, begins);
        using (client)
        using (server)
        {
            await Task.WhenAll(SendAsync(client, 20 << 20), SendAsync(server, 20 << 20), ReceiveAsync(client, 20 << 20),
                ReceiveAsync(server, 20 << 20));
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, server.Receive(new byte[1]));
            server.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, client.Receive(new byte[1]));
        }

        var dropped = await _lab.Peer.RunAsync("nft", "list", "table", "ip", "loss");
        output.WriteLine(dropped);
        await AssertNothingStoppedAsync();
    }

    [Theory]
    [InlineData(Direction.Egress)]
    [InlineData(Direction.Ingress)]
    public async Task Data_comes_with_the_SYN(Direction begins)
    {
        const int FastOpen = 23; // include/uapi/linux/tcp.h: TCP_FASTOPEN, TCP_FASTOPEN_CONNECT
        const int FastOpenConnect = 30;
        foreach (var host in new[] { _lab.Vm, _lab.Peer })
        {
            await host.RunAsync("sh", "-c", "echo 3 > /proc/sys/net/ipv4/tcp_fastopen");
        }

        using var listener = Listen(AttachMode.Auto, begins);
        listener.SetRawSocketOption((int)SocketOptionLevel.Tcp, FastOpen, BitConverter.GetBytes(16));
        var (clientHost, _, address) = _lab.Roles(begins);
        for (var i = 0; i < 5; i++)
        {
            using var client = clientHost.OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.SetRawSocketOption((int)SocketOptionLevel.Tcp, FastOpenConnect, BitConverter.GetBytes(1));
            client.Connect(IPAddress.Parse(address), Port);
            client.Send(new byte[1000]);
            using var server = await listener.AcceptAsync();
            await Task.WhenAll(ReceiveAsync(server, 1000), SendAsync(server, 1000), ReceiveAsync(client, 1000));
        }

        // The first connection brings the cookie.
        var counters = await clientHost.RunAsync("sh", "-c", "grep ^TcpExt: /proc/net/netstat");
        var lines = counters.Split('\n').Select(line => line.Split(' ')).ToArray();
        Assert.Equal("4", lines[1][Array.IndexOf(lines[0], "TCPFastOpenActive")]);
        await AssertNothingStoppedAsync();
    }

    private Socket Listen(AttachMode mode, Direction begins)
    {
        _lab.Attach(new DataplaneOptions { Attach = mode }, begins);
        var (_, server, address) = _lab.Roles(begins);
        return server.Listen(address, Port);
    }

    private async Task<(Socket Client, Socket Server)> ConnectAsync(AttachMode mode, Direction begins)
    {
        using var listener = Listen(mode, begins);
        var (clientHost, _, address) = _lab.Roles(begins);
        var client = await clientHost.ConnectAsync(address, Port, ConntrackLab.Patience);
        return (client, await listener.AcceptAsync());
    }

    private static async Task SendAsync(Socket socket, int length)
    {
        var buffer = new byte[1 << 16];
        for (var left = length; left > 0;)
        {
            left -= await socket.SendAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)));
        }
    }

    private static async Task ReceiveAsync(Socket socket, int length)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var buffer = new byte[1 << 16];
        for (var left = length; left > 0;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)), deadline.Token);
            Assert.True(received > 0, "the connection goes on");
            left -= received;
        }
    }

    /// <summary>Not a packet, and the filter did look at them.</summary>
    private async Task AssertNothingStoppedAsync()
    {
        // What is still on its way, and a retransmission or two.
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        output.WriteLine(_lab.Counters());
        Assert.True(_lab.Count(Agent.Abi.Reason.Established) > 3, "the filter saw nothing");
        Assert.True(_lab.CountStopped() == 0, _lab.Counters());
    }
}
