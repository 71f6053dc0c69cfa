using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>The lab itself must be right before a test may conclude anything from it.</summary>
public sealed class LabTests : LabTest
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("10.0.0.5", "10.0.0.10")]
    [InlineData("2001:db8::5", "2001:db8::10")]
    public async Task Hosts_reach_each_other_and_sockets_stay_in_their_namespace(string from, string to)
    {
        var vm = await Lab.AddHostAsync("vm", "10.0.0.5/24", "2001:db8::5/64");
        var db = await Lab.AddHostAsync("db", "10.0.0.10/24", "2001:db8::10/64");
        using var listener = db.Listen(to, 3306);

        using var client = await vm.ConnectAsync(to, 3306, Timeout);
        using var server = await listener.AcceptAsync();

        Assert.Equal(IPAddress.Parse(from), ((IPEndPoint)server.RemoteEndPoint!).Address);
        await client.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await server.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionRefused, await vm.TryConnectAsync(to, 3307, Timeout));
    }

    [Fact]
    public async Task A_cut_wire_loses_packets_until_it_is_joined()
    {
        var vm = await Lab.AddHostAsync("vm", "10.0.0.5/24");
        var db = await Lab.AddHostAsync("db", "10.0.0.10/24");
        using var listener = db.Listen("10.0.0.10", 3306);
        Assert.Equal(SocketError.Success, await vm.TryConnectAsync("10.0.0.10", 3306, Timeout));

        await Lab.SetWireAsync(vm, joined: false);
        Assert.Equal(
            SocketError.TimedOut, await vm.TryConnectAsync("10.0.0.10", 3306, TimeSpan.FromMilliseconds(500)));

        await Lab.SetWireAsync(vm, joined: true);
        Assert.Equal(SocketError.Success, await vm.TryConnectAsync("10.0.0.10", 3306, Timeout));
    }

    [Fact]
    public async Task Programs_run_inside_the_host()
    {
        var vm = await Lab.AddHostAsync("vm", "10.0.0.5/24");

        Assert.Contains("10.0.0.5/24", await vm.RunAsync("ip", "-br", "address", "show", "dev", "eth0"));
        await using var process = vm.Start("sh", ["-c", "echo started; exec sleep 100"]);
        await process.WaitForOutputAsync("started", Timeout);
        Assert.Equal(process.Id.ToString(), await Processes(vm.Namespace));
        Assert.Equal(128 + 15, await process.StopAsync());
    }

    private static Task<string> Processes(string name) =>
        TestKit.Processes.RunningProcess.RunAsync("ip", "netns", "pids", name);
}
