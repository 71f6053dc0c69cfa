using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Survival;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Conntrack;

/// <summary>
/// Whoever floods drives out beginnings: connections that both ends confirmed go on, and what is denied stays denied.
/// No agent takes part: what happens here, happens in the kernel.
/// </summary>
public sealed class FloodTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Connections = 100;
    private const int ServerPort = ConntrackLab.Port;
    private const int DeniedPort = 5001;
    private const int SmallTable = 1024;

    private ConntrackLab _lab = null!;

    public async Task InitializeAsync() => _lab = await ConntrackLab.CreateAsync();

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [InlineData("a peer sprays SYNs from many addresses")]
    [InlineData("a local program sprays datagrams to many addresses")]
    public async Task Connections_outlive_a_flood_of_beginnings(string what)
    {
        var options = new ConntrackOptions();
        _lab.Attach(new DataplaneOptions { Conntrack = options }, Direction.Egress, Direction.Ingress);
        var inward = what.Contains("SYN", StringComparison.Ordinal);
        using var flood = inward
            ? await Flood.OfSynsAsync(_lab.Peer, _lab.Vm, ServerPort)
            : await Flood.OfDatagramsAsync(_lab.Vm, _lab.Peer, ServerPort);
        var before = _lab.Count(Reason.AllowedRule);

        var (kept, news) = (0, 0);
        var (rounds, lost) = await KeepTalkingAsync(
            () => flood.SprayAsync(options.NewFlows * 2),
            silent: false,
            ports =>
            {
                kept = ports.Count(_lab.ConfirmedPorts().Contains);
                news = _lab.CountFlows("new_flows");
            });

        var begun = _lab.Count(Reason.AllowedRule) - before;
        Assert.True(begun >= (ulong)options.NewFlows * 2, $"void: only {begun} flows began");
        output.WriteLine($"{begun} beginnings, {rounds} rounds of {Connections} connections, {lost} lost");
        Assert.True(lost * 1000 <= Connections, $"{lost} of {Connections} connections were lost");
        Assert.Equal(Connections, kept);
        Assert.Equal(0ul, _lab.Count(Reason.ConntrackFull));
        Assert.InRange(news, options.NewFlows / 2, options.NewFlows);
    }

    [Fact]
    public async Task Confirmed_flows_beyond_the_table_are_refused_and_the_old_ones_go_on()
    {
        var (refused, kept) = await FloodWithAnsweredFlowsAsync();

        Assert.True(refused > 0, "nothing was refused");
        Assert.Equal(Connections, kept);

        // And the room comes back, without anybody who acts.
        await Eventually.TrueAsync(
            () => Task.FromResult(_lab.CountFlows("flows") <= Connections), ConntrackLab.Patience,
            () => $"the flood's flows expire, not {_lab.CountFlows("flows")} left");
        _lab.PutInForce(Direction.Egress);
        using var listener = _lab.Peer.Listen(ConntrackLab.PeerAddress, ServerPort);
        using var socket = await _lab.Vm.ConnectAsync(ConntrackLab.PeerAddress, ServerPort, ConntrackLab.Patience);
        Assert.Contains(((IPEndPoint)socket.LocalEndPoint!).Port, _lab.ConfirmedPorts());
    }

    /// <summary>
    /// A local program asks an allowed service from three times as many ports as there is room, and goes on after each
    /// answer. Gives the packets that were refused, and how many of the connections from before have kept their flow.
    /// </summary>
    private async Task<(ulong Refused, int Kept)> FloodWithAnsweredFlowsAsync()
    {
        _lab.Attach(
            new DataplaneOptions
            {
                Conntrack = new ConntrackOptions { Flows = SmallTable, Udp = 10 },
            },
            Direction.Egress);
        using var service = _lab.Peer.BindUdp(ConntrackLab.PeerAddress, ServerPort);
        using var stop = new CancellationTokenSource();
        var echoing = EchoDatagramsAsync(service, stop.Token);
        var kept = 0;
        await KeepTalkingAsync(
            () => Task.Factory.StartNew(
                () =>
                {
                    for (var answered = 0; answered < 3 * SmallTable; answered += Converse() ? 1 : 0)
                    {
                    }
                },
                TaskCreationOptions.LongRunning),
            silent: true,
            ports => kept = ports.Count(_lab.ConfirmedPorts().Contains));
        await stop.CancelAsync();
        await echoing;
        output.WriteLine($"{kept} of {Connections} flows kept; {_lab.Counters()}");
        var begun = _lab.Count(Reason.AllowedRule);
        Assert.True(begun > 2 * SmallTable, $"void: only {begun} flows began");
        return (_lab.Count(Reason.ConntrackFull), kept);
    }

    private bool Converse()
    {
        using var socket = _lab.Vm.BindUdp(ConntrackLab.VmAddress, 0);
        socket.Connect(IPAddress.Parse(ConntrackLab.PeerAddress), ServerPort);
        socket.Send(new byte[1]);
        var answered = socket.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead);
        if (answered)
        {
            // Refused where there is no room.
            socket.Send(new byte[1]);
        }

        return answered;
    }

    /// <summary>
    /// While <paramref name="flood"/> runs, the connections are used, or are <paramref name="silent"/> until it is
    /// over; and what is denied is tried all the time. Gives the rounds, and the connections that did not last.
    /// </summary>
    private async Task<(int Rounds, int Lost)> KeepTalkingAsync(
        Func<Task> flood, bool silent, Action<IReadOnlyList<int>> after)
    {
        using var connections = await KeptConnections.OpenAsync(
            (_lab.Vm, ConntrackLab.VmAddress), (_lab.Peer, ConntrackLab.PeerAddress), ServerPort, DeniedPort,
            Connections);
        Assert.False(connections.DeniedArrives(TimeSpan.FromMilliseconds(300)), "the port is denied");
        var talk = await connections.TalkUntilAsync(flood(), silent);
        Assert.False(talk.DeniedArrived, "what is denied has passed");
        after(connections.Ports);

        // The probe itself arrives where the persona lets it.
        var tried = _lab.Count(Reason.DefaultDeny);
        Assert.True(tried >= (ulong)talk.Probes, $"only {tried} packets were denied");
        _lab.PutNothingInForce();
        Assert.True(connections.DeniedArrives(ConntrackLab.Patience), "without a persona it passes");
        return (talk.Rounds, talk.Lost);
    }

    private static async Task EchoDatagramsAsync(Socket service, CancellationToken cancellation)
    {
        var buffer = new byte[100];
        try
        {
            while (true)
            {
                var received = await service.ReceiveFromAsync(
                    buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), cancellation);
                await service.SendToAsync(
                    buffer.AsMemory(0, received.ReceivedBytes), received.RemoteEndPoint, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
