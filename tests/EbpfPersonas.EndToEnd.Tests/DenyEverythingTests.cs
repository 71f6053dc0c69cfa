using System.Diagnostics;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>A persona that denies everything must not cut the VM off from its controller.</summary>
public sealed class DenyEverythingTests : SystemTest
{
    private static readonly TimeSpan HowLong = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReconnectPatience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task The_agent_comes_back_to_its_controller_while_everything_else_is_denied_for_a_minute()
    {
        using var listener = DbHost.Listen(DbAddress, 3306);
        await StartAgentAsync();
        await AssertReachesAsync(VmHost, DbAddress, 3306);

        await PinAsync("deny_all", DenyAll);
        var watch = Stopwatch.StartNew();
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);

        // The kernel's own end of every connection to the controller: ss -K ends it with an error on both sides.
        await VmHost.RunAsync("ss", "-K", "dst", ControllerAddress);
        await AgentReportsAgainAsync();
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);

        await Controller.StopAsync();
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        Assert.False(await Agent.IsConnectedAsync());
        await Controller.StartAgainAsync();
        await AgentReportsAgainAsync();

        while (watch.Elapsed < HowLong)
        {
            await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        Assert.True(await Agent.IsConnectedAsync());
        await Api.DeactivateAsync(Vm);
        await Api.WaitUntilRealisedAsync(Vm, null);
        await AssertReachesAsync(VmHost, DbAddress, 3306);
    }

    /// <summary>Both sides agree that the stream is up, and what happens on the VM reaches the controller by it.</summary>
    private async Task AgentReportsAgainAsync()
    {
        await Agent.WaitUntilConnectedAsync(ReconnectPatience);
        await Api.WaitUntilRealisedAsync(Vm, "deny_all", ReconnectPatience);
    }
}
