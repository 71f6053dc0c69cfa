using System.Net;
using System.Net.Sockets;
using EbpfPersonas.TestKit.Prometheus;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>What a program in the VM is told of a connection that the persona does not allow.</summary>
public sealed class EarlyVerdictTests : SystemTest
{
    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task A_program_is_told_at_once_under_the_persona_in_force_and_the_refusal_is_counted(string attach)
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        await StartAgentAsync(attach);
        var status = await Api.StatusAsync(Vm);
        Assert.Contains("early:connect", status["capabilities"]!.AsArray().Select(word => (string?)word));

        Assert.Equal(SocketError.Success, Connect());
        await PinAsync("deny_all", DenyAll);
        Assert.Equal(SocketError.AccessDenied, Connect());

        var samples = await Agent.ReadMetricsAsync();
        Assert.Equal(1, samples.Sum("persona_agent_early_denials_total"));
        // Programs outside of the agent's cgroup are held back by the filter alone.
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
    }

    private SocketError Connect()
    {
        using var socket = Agent.Cgroup.RunInside(() =>
            VmHost.OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            socket.Connect(new IPEndPoint(IPAddress.Parse(DbAddress), 3306));
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
