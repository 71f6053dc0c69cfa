using System.Text.Json.Nodes;
using Tmds.Linux;
using Xunit;

namespace EbpfPersonas.Agent.Tests.BreakGlass;

/// <summary>The real agent, pinned: what it put in force does not need it.</summary>
public sealed class PinnedAgentTests : IAsyncLifetime
{
    private GovernedVm _vm = null!;

    public async Task InitializeAsync() => _vm = await GovernedVm.StartAsync(pinned: true);

    public Task DisposeAsync() => _vm.DisposeAsync().AsTask();

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task An_agent_that_is_killed_is_not_missed_and_the_next_one_goes_on(string attach)
    {
        _vm.Attach = attach;
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();
        Assert.True(await _vm.ReachesPeerAsync());
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        Assert.False(await _vm.ReachesPeerAsync());

        await _vm.KillAgentAsync(LibC.SIGKILL);
        Assert.False(await _vm.ReachesPeerAsync());

        await _vm.StartAgentAsync();
        Assert.Contains("closed revision 1", _vm.Agent.Output, StringComparison.Ordinal);
        Assert.False(await _vm.ReachesPeerAsync());
        await _vm.ConnectedAsync(times: 2);
        await _vm.PushAsync(2, null);
        Assert.True(await _vm.ReachesPeerAsync());
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task Without_an_agent_the_status_tells_what_the_kernel_enforces(string attach)
    {
        _vm.Attach = attach;
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();
        Assert.True(await _vm.ReachesPeerAsync());
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        Assert.False(await _vm.ReachesPeerAsync());
        await _vm.KillAgentAsync(LibC.SIGKILL);

        var (exitCode, text) = await _vm.CommandAsync("status");
        Assert.Equal(0, exitCode);
        Assert.Contains("enforced   persona closed revision 1, generation 1, epoch ", text, StringComparison.Ordinal);
        Assert.Contains("agent      does not run, or does not answer", text, StringComparison.Ordinal);
        Assert.Contains($"filter     eth0: {attach}", text, StringComparison.Ordinal);
        Assert.Contains("packets    egress dropped default_deny: ", text, StringComparison.Ordinal);

        (exitCode, text) = await _vm.CommandAsync("status", "--json");
        Assert.Equal(0, exitCode);
        var kernel = JsonNode.Parse(text)!["kernel"]!;
        Assert.Equal(
            ("closed", 1, 1),
            ((string?)kernel["persona"], (int)kernel["revision"]!, (int)kernel["generation"]!));
        Assert.Equal(
            ("eth0", attach, attach),
            ((string?)kernel["interfaces"]![0]!["name"], (string?)kernel["interfaces"]![0]!["ingress"],
                (string?)kernel["interfaces"]![0]!["egress"]));
        Assert.InRange((int)kernel["confirmed_flows"]!, 1, 100);
        Assert.Contains(kernel["packets"]!.AsArray(), total =>
            ((string?)total!["direction"], (string?)total["verdict"], (string?)total["reason"])
                == ("egress", "dropped", "default_deny") && (int)total["packets"]! > 0);

        // What is pinned is no filter: that hung on the interface.
        await _vm.RemoveInterfaceAsync();
        Assert.NotEmpty(_vm.Pins.Entries());
        (exitCode, text) = await _vm.CommandAsync("status");
        Assert.Equal(3, exitCode);
        Assert.Contains("enforced   nothing: no filter is attached", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task The_operator_takes_everything_off_and_puts_it_back_without_an_agent(string attach)
    {
        _vm.Attach = attach;
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        await _vm.KillAgentAsync(LibC.SIGKILL);
        Assert.False(await _vm.ReachesPeerAsync());
        Assert.True(await _vm.IsRefusedAtOnceAsync());

        Assert.Equal(0, (await _vm.CommandAsync("detach")).ExitCode);
        Assert.True(await _vm.ReachesPeerAsync());
        Assert.False(await _vm.IsRefusedAtOnceAsync());
        Assert.DoesNotContain(_vm.Pins.Entries(), entry => entry.Contains('-', StringComparison.Ordinal));

        var (exitCode, output) = await _vm.CommandAsync("attach");
        Assert.Equal(0, exitCode);
        Assert.Contains("stays without an agent", output, StringComparison.Ordinal);
        Assert.False(await _vm.ReachesPeerAsync());
        Assert.Equal(0, (await _vm.CommandAsync("status")).ExitCode);
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task An_agent_that_hangs_does_not_keep_the_operator_from_taking_everything_off(string attach)
    {
        _vm.Attach = attach;
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        Assert.False(await _vm.ReachesPeerAsync());
        Assert.True(await _vm.IsRefusedAtOnceAsync());

        _vm.Agent.Signal(LibC.SIGSTOP);
        var (exitCode, output) = await _vm.CommandAsync("detach");

        Assert.True(exitCode == 0, output);
        Assert.True(await _vm.ReachesPeerAsync());
        Assert.False(await _vm.IsRefusedAtOnceAsync());
        _vm.Agent.Signal(LibC.SIGCONT);
    }
}
