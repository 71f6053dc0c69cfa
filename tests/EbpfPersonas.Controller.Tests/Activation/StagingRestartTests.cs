using System.Text.Json.Nodes;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Activation;

/// <summary>What a VM decides by itself while the controller, the stream or the agent changes.</summary>
public sealed class StagingRestartTests : ControllerTest
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_restart_of_the_controller_neither_makes_a_generation_nor_forgets_what_is_in_force()
    {
        RealisedState realised;
        JsonNode before;
        await using (var agent = await BoundAgentAsync())
        {
            await agent.SendAsync(Report(2, "db", SwitchCause.TriggerBegan));
            before = await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");
            realised = InForce("db", 2);
        }

        await Controller.StopAsync();
        await Controller.StartAgainAsync();
        var after = await Controller.StatusAsync("vm-1");
        await using var again = await ConnectAsync(realised, FakeAgent.ActivatesItself);
        Assert.True(await again.HearsNothingAsync(Silence));
        await again.SnapshotAsync(FakeAgent.Process(42, "/usr/bin/mysql"));
        var plan = await again.NextAsync();

        foreach (var member in (string[])["active_persona", "desired_persona", "cause", "reason", "since"])
        {
            Assert.Equal((string?)before[member], (string?)after[member]);
        }

        Assert.Equal((1UL, "base", "db"), (plan.Generation, plan.Persona.Name, plan.Staged[0].Persona.Name));
        await again.AcknowledgeAsync(plan, new Persona { Name = "db", Revision = 1 });
        await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.True(await again.HearsNothingAsync(Silence));
        Assert.Equal(2, (await HistoryAsync()).Count);
    }

    [Fact]
    public async Task What_was_switched_while_nobody_listened_is_told_in_order_with_its_processes()
    {
        await (await BoundAgentAsync()).DisposeAsync();
        await using var again = await ConnectAsync(InForce("db", 4), FakeAgent.ActivatesItself);
        await again.SendAsync(Report(2, "db", SwitchCause.TriggerBegan));
        await again.SendAsync(Report(3, "base", SwitchCause.TriggerEnded));
        await again.SendAsync(Report(4, "db", SwitchCause.TriggerBegan));
        await again.SnapshotAsync(FakeAgent.Process(42, "/usr/bin/mysql"));
        await again.NextAsync();

        Assert.Equal(
            [(4L, "db", "started"), (3L, "base", "exited"), (2L, "db", "started"), (null, "base", null)],
            (await HistoryAsync()).Select(line => (
                (long?)line!["epoch"], (string?)line["persona"], (string?)line["process"]?["event"])));
        Assert.Equal("db", (string?)(await Controller.StatusAsync("vm-1"))["desired_persona"]);
    }

    [Fact]
    public async Task What_nobody_told_of_is_noticed_when_the_VM_says_what_runs()
    {
        await (await BoundAgentAsync()).DisposeAsync();
        await using var again = await ConnectAsync(InForce("db", 4), FakeAgent.ActivatesItself);
        await again.SnapshotAsync(FakeAgent.Process(42, "/usr/bin/mysql"));
        await again.NextAsync();

        var line = (await HistoryAsync())[0]!;
        Assert.Equal(
            ("db", "trigger", "snapshot", 42L),
            ((string?)line["persona"], (string?)line["cause"], (string?)line["process"]!["event"],
                (long)line["process"]!["pid"]!));
        // It comes after all: nothing is told twice.
        await again.SendAsync(Report(4, "db", SwitchCause.TriggerBegan));
        await again.SendAsync(Report(5, "base", SwitchCause.TriggerEnded));
        await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "base");
        Assert.Equal(3, (await HistoryAsync()).Count);
    }

    [Fact]
    public async Task What_came_into_force_with_a_generation_is_told_once()
    {
        RealisedState realised;
        await using (var agent = await BoundAgentAsync())
        {
            realised = agent.Realised;
        }

        await using var again = await ConnectAsync(realised, FakeAgent.ActivatesItself);
        await again.SendAsync(Report(realised.Epoch, "base", SwitchCause.TriggerEnded));
        await again.SendAsync(Report(realised.Epoch + 1, "db", SwitchCause.TriggerBegan));
        await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");

        Assert.Equal(["db", "base"], (await HistoryAsync()).Select(line => (string?)line!["persona"]));
    }

    [Fact]
    public async Task A_generation_that_is_answered_again_came_into_force_when_it_did_first()
    {
        await (await BoundAgentAsync()).DisposeAsync();
        var before = (await HistoryAsync())[0]!.ToJsonString();
        Assert.Contains("\"result_at\":\"", before, StringComparison.Ordinal);

        await using var again = await ConnectAsync(InForce("base", 1), FakeAgent.ActivatesItself);
        await again.SnapshotAsync();
        await again.RealiseNextAsync();
        await again.SendAsync(Report(9, "db", SwitchCause.TriggerBegan));
        await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");

        Assert.Equal(before, (await HistoryAsync())[1]!.ToJsonString());
    }

    [Fact]
    public async Task Epochs_that_begin_again_with_the_datapath_are_new()
    {
        await using (var agent = await BoundAgentAsync())
        {
            await agent.SendAsync(Report(7, "db", SwitchCause.TriggerBegan));
            await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");
        }

        await using var again = await ConnectAsync(InForce("base", 1), FakeAgent.ActivatesItself);
        await again.SnapshotAsync();
        await again.RealiseNextAsync();
        await again.SendAsync(Report(3, "db", SwitchCause.TriggerBegan));

        await Controller.WaitForAsync(
            "vm-1", status => (string?)status["active_persona"] == "db" && (long)status["epoch"]! == 3);
        Assert.Equal(
            ["db", "base", "db", "base"], (await HistoryAsync()).Select(line => (string?)line!["persona"]));
    }

    [Fact]
    public async Task An_agent_that_cannot_is_decided_for_with_what_its_processes_say()
    {
        await using (var agent = await BoundAgentAsync())
        {
            await agent.SendAsync(Report(2, "db", SwitchCause.TriggerBegan));
            await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");
        }

        await using var plain = await ConnectAsync(InForce("db", 2), ["attach:tcx"]);
        await plain.SnapshotAsync(FakeAgent.Process(42, "/usr/bin/mysql"));
        var central = await plain.RealiseNextAsync();
        Assert.Equal((2UL, "db", 0), (central.Generation, central.Persona.Name, central.Staged.Count));
        var status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Null(status["staging"]);
        Assert.Equal("live", (string?)status["bound"]![0]!["state"]);
        await plain.ExitAsync(42);
        Assert.Equal("base", (await plain.RealiseNextAsync()).Persona.Name);
        await plain.DisposeAsync();

        await using var able = await ConnectAsync(InForce("base", 4), FakeAgent.ActivatesItself);
        await able.SnapshotAsync();
        Assert.Equal("db", (await able.RealiseNextAsync()).Staged[0].Persona.Name);
    }

    [Fact]
    public async Task No_deadline_of_a_staged_persona_is_the_controllers()
    {
        await Controller.PutPersonaAsync("""{"name":"base"}""");
        await Controller.PutPersonaAsync(
            """
            {"name":"db","activation_trigger":{"process_name":"mysql"},"lifecycle":{"linger":"100ms","ttl":"200ms"}}
            """);
        await using var agent = await ConnectAsync(new RealisedState(), FakeAgent.ActivatesItself);
        await agent.SnapshotAsync();
        await Controller.BindAsync("vm-1", """["db"]""", "base");
        await agent.RealiseNextAsync();
        await agent.ExecAsync(42, "/usr/bin/mysql");
        await agent.SendAsync(Report(2, "db", SwitchCause.TriggerBegan));
        await agent.ExitAsync(42);

        Assert.True(await agent.HearsNothingAsync(TimeSpan.FromMilliseconds(600)));
        Assert.Equal(2, (await HistoryAsync()).Count);
        Assert.Equal("db", (string?)(await Controller.StatusAsync("vm-1"))["desired_persona"]);
    }

    private static RealisedState InForce(string persona, uint epoch) =>
        new() { Generation = 1, Epoch = epoch, Persona = persona, Revision = 1 };

    private static SwitchReport Report(uint epoch, string persona, SwitchCause cause) => new()
    {
        Epoch = epoch,
        Persona = persona,
        Revision = 1,
        Cause = cause,
        Process = new SwitchProcess { Pid = 42, Path = "/usr/bin/mysql", Executable = "/usr/bin/mysql" },
        Time = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
    };

    private Task<FakeAgent> ConnectAsync(RealisedState realised, IReadOnlyList<string> capabilities) =>
        Controller.ConnectAsync("vm-1", realised, capabilities);

    private async Task<JsonArray> HistoryAsync() =>
        (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]!.AsArray();

    private async Task<FakeAgent> BoundAgentAsync()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync("""{"name":"base"}""");
        var agent = await ConnectAsync(new RealisedState(), FakeAgent.ActivatesItself);
        await agent.SnapshotAsync();
        await Controller.BindAsync("vm-1", """["db"]""", "base");
        await agent.RealiseNextAsync();
        await Controller.WaitForPhaseAsync("vm-1", "Realized");
        return agent;
    }
}
