using System.Text.Json.Nodes;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.TestKit.Prometheus;
using Tmds.Linux;
using Xunit;

namespace EbpfPersonas.Agent.Tests.BreakGlass;

/// <summary>The operator's commands and the agent's restarts, with real processes and packets.</summary>
public sealed class CommandProcessTests : IAsyncLifetime
{
    private GovernedVm _vm = null!;

    public async Task InitializeAsync() => _vm = await GovernedVm.StartAsync();

    public Task DisposeAsync() => _vm.DisposeAsync().AsTask();

    [Fact]
    public async Task Detach_holds_against_the_controller_and_restarts_until_attach()
    {
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        Assert.False(await _vm.ReachesPeerAsync());
        Assert.Equal(0, (await _vm.CommandAsync("status")).ExitCode);

        var (exitCode, output) = await _vm.CommandAsync("detach");
        Assert.Equal((0, "The filters are off; nothing is enforced until 'attach'."), (exitCode, output));
        Assert.True(await _vm.ReachesPeerAsync());
        var status = (await _vm.Controller.WaitForAsync(m => m.Status?.Conditions.Count > 0)).Status;
        Assert.Equal("DETACHED", Assert.Single(status.Conditions).Type);
        Assert.Equal(string.Empty, status.Realised.Persona);
        var use = (await _vm.Controller.WaitForAsync(m => m.BreakGlass is not null)).BreakGlass;
        Assert.Equal(("detach", "alice", 0u), (use.Command, use.SudoUser, use.UserId));
        Assert.Equal("BREAK_GLASS", (await _vm.PushAsync(2, GovernedVm.Closed("again"))).Error.Code);
        Assert.True(await _vm.ReachesPeerAsync());

        await _vm.KillAgentAsync(LibC.SIGKILL);
        await _vm.StartAgentAsync("The filters are off by hand");
        await _vm.ConnectedAsync(times: 2);
        Assert.True(await _vm.ReachesPeerAsync());
        (exitCode, output) = await _vm.CommandAsync("status");
        Assert.Equal(3, exitCode);
        Assert.Contains("enforced   nothing: no filter is attached", output, StringComparison.Ordinal);
        Assert.Contains("sudo by alice", output, StringComparison.Ordinal);

        // It was not acknowledged, so it is said again.
        await _vm.Controller.WaitForAsync(m => m.BreakGlass?.Id == use.Id, count: 2);
        await _vm.Controller.AcknowledgeAsync(new Protos.V1.Receipt { BreakGlass = use.Id });
        await _vm.WaitAsync(
            () => Task.FromResult(Directory.GetFiles(Path.Join(_vm.State, "break-glass")).Length == 0),
            "the entry was forgotten");

        Assert.Equal(0, (await _vm.CommandAsync("attach")).ExitCode);
        Assert.False(await _vm.ReachesPeerAsync());
    }

    [Fact]
    public async Task The_baseline_holds_against_the_controller_and_restarts_until_resume()
    {
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        Assert.False(await _vm.ReachesPeerAsync());

        var (exitCode, output) = await _vm.CommandAsync("baseline");
        Assert.Equal(
            (0, "persona base revision 0 is in force. It stays until 'resume', whatever the controller says."),
            (exitCode, output));
        Assert.True(await _vm.ReachesPeerAsync());
        Assert.Equal("BREAK_GLASS", (await _vm.PushAsync(2, GovernedVm.Closed("again"))).Error.Code);

        await _vm.KillAgentAsync(LibC.SIGKILL);
        await _vm.StartAgentAsync("Persona base revision 0 is in force again");
        await _vm.ConnectedAsync(times: 2);
        var refused = await _vm.PushAsync(3, GovernedVm.Closed("third"));
        Assert.Contains("ebpf-personas-agent resume", refused.Error.Message, StringComparison.Ordinal);
        Assert.True(await _vm.ReachesPeerAsync());

        Assert.Equal(0, (await _vm.CommandAsync("resume")).ExitCode);
        await _vm.Controller.WaitForAsync(m => m.Result is { Generation: 3, Realised: not null });
        Assert.False(await _vm.ReachesPeerAsync());
    }

    [Fact]
    public async Task Without_an_agent_the_commands_hold_for_the_next_one()
    {
        var (exitCode, output) = await _vm.CommandAsync("status", "--json");
        Assert.Equal(3, exitCode);
        Assert.Contains("\"agent_running\": false", output, StringComparison.Ordinal);

        Assert.Equal(0, (await _vm.CommandAsync("detach")).ExitCode);
        await _vm.StartAgentAsync("The filters are off by hand");
        await _vm.ConnectedAsync();
        var use = (await _vm.Controller.WaitForAsync(m => m.BreakGlass is not null)).BreakGlass;
        Assert.Equal("detach", use.Command);
        await _vm.KillAgentAsync(LibC.SIGTERM);

        Assert.Equal(0, (await _vm.CommandAsync("attach")).ExitCode);
        await _vm.StartAgentAsync();
    }

    [Fact]
    public async Task Status_tells_of_what_was_not_confirmed_in_time()
    {
        var at = new DateTimeOffset(2026, 1, 5, 1, 2, 3, TimeSpan.Zero);
        var memory = ConfirmationMemory.Empty.With(new PersonaRevision("cut-off", 7), RollbackReason.Reboot, at);
        new ConfirmationFile(_vm.State, GovernedVm.VmId, AgentGreeting.BootId).Write(
            memory.With(new PersonaRevision("cut-off", 7), RollbackReason.Timeout, at), durable: false);

        Assert.Contains(
            "rollback   persona cut-off revision 7 was not confirmed in time, 2 times, at 2026-01-05T01:02:03Z "
            + "(timeout); it is quarantined until a later revision comes",
            (await _vm.CommandAsync("status")).Output, StringComparison.Ordinal);
        var json = JsonNode.Parse((await _vm.CommandAsync("status", "--json")).Output)!;
        var told = Assert.Single(json["rollbacks"]!.AsArray())!;
        Assert.Equal(
            ("cut-off", 7, 2, true, "timeout", at),
            (
                told["persona"]!.GetValue<string>(), told["revision"]!.GetValue<int>(), told["count"]!.GetValue<int>(),
                told["quarantined"]!.GetValue<bool>(), told["reason"]!.GetValue<string>(),
                told["at"]!.GetValue<DateTimeOffset>()));
    }

    [Fact]
    public async Task An_agent_that_hangs_finds_the_command_when_it_goes_on()
    {
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        _vm.Agent.Signal(LibC.SIGSTOP);
        var (exitCode, output) = await _vm.CommandAsync("detach");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("No agent answers.", output, StringComparison.Ordinal);
        _vm.Agent.Signal(LibC.SIGCONT);

        await _vm.WaitAsync(_vm.ReachesPeerAsync, "the filters are off");
    }

    [Fact]
    public async Task A_restart_without_a_controller_lets_no_packet_meet_filters_without_a_persona()
    {
        await using var traffic = _vm.StartTraffic();
        await _vm.StartAgentAsync();
        await _vm.ConnectedAsync();

        // The twin: this agent began without what the controller wants, and saw packets so.
        await _vm.WaitAsync(async () => await OtherwiseAsync() > 0, "packets came before the controller's persona");
        await _vm.PushAsync(1, GovernedVm.Closed("closed"));
        await _vm.WaitAsync(ConfirmedAsync, "the persona is confirmed on disk");
        await _vm.KillAgentAsync(LibC.SIGKILL);
        await _vm.Controller.DisposeAsync();
        await _vm.StartAgentAsync("Persona closed revision 1 is in force again");
        await _vm.Agent.WaitForOutputAsync("Metrics are at", TimeSpan.FromSeconds(60));

        await _vm.WaitAsync(async () => await DroppedAsync() >= 10, "packets are dropped by the persona");
        Assert.Equal(0, await OtherwiseAsync());
        Assert.False(await _vm.ReachesPeerAsync());
    }

    /// <summary>Packets that met the baseline, or no persona.</summary>
    private async Task<double> OtherwiseAsync()
    {
        var samples = await _vm.ReadMetricsAsync();
        return samples.Sum("persona_agent_packets_total", ("persona", "base"))
            + samples.Sum("persona_agent_packets_total", ("reason", "no_persona"));
    }

    private async Task<double> DroppedAsync() =>
        (await _vm.ReadMetricsAsync()).Sum("persona_agent_packets_total", ("reason", "default_deny"));

    private Task<bool> ConfirmedAsync() => Task.FromResult(
        new StateStore(_vm.State, GovernedVm.VmId).Load()
            .Single(kept => kept.Name == StateName.Confirmed).Persona is not null);
}
