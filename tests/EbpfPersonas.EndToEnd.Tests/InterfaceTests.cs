using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>Where the agent hangs its filters, and what it leaves when it ends.</summary>
public sealed class InterfaceTests : SystemTest
{
    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task An_interface_that_appears_later_is_filtered_too(string attach)
    {
        await StartAgentAsync(attach);
        using var listener = DbHost.Listen("0.0.0.0", 3306);
        await PinAsync("deny_all", DenyAll);

        await Lab.AddInterfaceAsync(VmHost, "eth1", "vm1", "10.1.0.5/24");
        await DbHost.RunAsync("ip", "address", "add", "10.1.0.10/24", "dev", "eth0");
        await AssertDoesNotReachAsync(VmHost, "10.1.0.10", 3306);

        await Api.DeactivateAsync(Vm);
        await Api.WaitUntilRealisedAsync(Vm, null);
        await AssertReachesAsync(VmHost, "10.1.0.10", 3306);
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task An_agent_that_is_told_to_stop_leaves_no_filter(string attach)
    {
        using var listener = DbHost.Listen(DbAddress, 3306);
        await StartAgentAsync(attach);
        await PinAsync("deny_all", DenyAll);
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);

        Assert.Equal(0, await Agent.StopAsync());

        await AssertReachesAsync(VmHost, DbAddress, 3306);
        Assert.DoesNotContain(
            "bpf", await VmHost.RunAsync("tc", "filter", "show", "dev", "eth0", "ingress"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "bpf", await VmHost.RunAsync("tc", "filter", "show", "dev", "eth0", "egress"), StringComparison.Ordinal);
    }
}
