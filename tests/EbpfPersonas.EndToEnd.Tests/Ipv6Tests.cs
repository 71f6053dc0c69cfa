using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>The same promises over IPv6, where neighbour discovery has to pass before anything else can.</summary>
public sealed class Ipv6Tests : SystemTest
{
    private const string Db = "2001:db8::10";

    private const string OnlyDatabase =
        """
        {"name":"only_database","network_profile":{
          "allowed_ingress":[],
          "allowed_egress":[
            {"name":"db","protocol":"tcp","port":3306,"destination":"2001:db8::10"},
            {"name":"dns","protocol":"udp","port":53,"destination":"2001:db8::/64"}]}}
        """;

    [Fact]
    public async Task Neighbours_are_found_and_only_what_is_allowed_passes()
    {
        using var database = DbHost.Listen(Db, 3306);
        using var web = DbHost.Listen(Db, 8080);
        await StartAgentAsync();
        await PinAsync("only_database", OnlyDatabase);
        // What was learned of the neighbours before the persona must not help.
        await VmHost.RunAsync("ip", "-6", "neighbour", "flush", "dev", "eth0");

        await AssertReachesAsync(VmHost, Db, 3306);
        await AssertDoesNotReachAsync(VmHost, Db, 8080);
        using var closed = VmHost.Listen("2001:db8::5", 22);
        await AssertDoesNotReachAsync(DbHost, "2001:db8::5", 22);
    }

    [Fact]
    public async Task A_UDP_answer_passes_and_an_unasked_datagram_does_not()
    {
        await StartAgentAsync();
        await PinAsync("only_database", OnlyDatabase);
        using var server = DbHost.BindUdp(Db, 53);
        using var stranger = DbHost.BindUdp(Db, 54);
        using var client = VmHost.BindUdp("2001:db8::5", 0);

        await client.SendToAsync(new byte[1], new IPEndPoint(IPAddress.Parse(Db), 53));
        using var deadline = new CancellationTokenSource(Patience);
        var question = await server.ReceiveFromAsync(
            new byte[8], SocketFlags.None, new IPEndPoint(IPAddress.IPv6Any, 0), deadline.Token);
        await stranger.SendToAsync(new byte[2], question.RemoteEndPoint);
        await server.SendToAsync(new byte[3], question.RemoteEndPoint);

        // Sent first, the unasked one would arrive first.
        Assert.Equal(3, await client.ReceiveAsync(new byte[8], deadline.Token));
    }
}
