using System.Diagnostics;
using EbpfPersonas.TestKit.Deployment;
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

        // ss -K ends the connection in the VM's kernel, with an error for both sides.
        var streamBefore = await StreamAsync();
        Assert.NotEmpty(streamBefore);
        await VmHost.RunAsync("ss", "-K", "dst", ControllerAddress);
        await AgentComesBackAsync(streamBefore);
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);

        streamBefore = await StreamAsync();
        await Controller.StopAsync();
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        Assert.False(await Agent.IsConnectedAsync());
        await Controller.StartAgainAsync();
        await AgentComesBackAsync(streamBefore);

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

    /// <summary>
    /// The agent's connection to the controller as ss shows it: addresses and ports; empty where there is none.
    /// </summary>
    private async Task<string> StreamAsync() =>
        string.Join(' ', (await VmHost.RunAsync(
                "ss", "-Htn", "state", "established", "dst", ControllerAddress, "dport", "=", ":7071"))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(2));

    /// <summary>
    /// There is another connection, and both sides agree that the stream is up and what the VM enforces.
    /// </summary>
    private async Task AgentComesBackAsync(string streamBefore)
    {
        await Eventually.TrueAsync(
            async () => await StreamAsync() is { Length: > 0 } now && now != streamBefore,
            ReconnectPatience, () => $"a connection other than {streamBefore}; the agent said:\n{Agent.Output}");
        await Agent.WaitUntilConnectedAsync(ReconnectPatience);
        await Api.WaitUntilRealisedAsync(Vm, "deny_all", ReconnectPatience);
        Assert.True((bool)(await Api.StatusAsync(Vm))["connected"]!);
    }
}
