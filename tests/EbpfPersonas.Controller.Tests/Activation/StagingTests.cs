using System.Text.Json.Nodes;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Activation;

/// <summary>What a VM is left to decide by itself.</summary>
public sealed class StagingTests : ControllerTest
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_bound_persona_is_staged_with_all_that_the_VM_needs_to_activate_it()
    {
        await Controller.PutPersonaAsync(
            """
            {"name":"m","priority":7,"network_profile":{"allowed_egress":[{"protocol":"tcp","port":3306}]},
              "activation_trigger":{"process_name":"mysql"},"lifecycle":{"linger":"3s","ttl":"1h"}}
            """);
        await using var agent = await AgentAsync();
        await Controller.BindAsync("vm-1", """["m"]""", "base");

        var plan = await agent.RealiseNextAsync();

        Assert.Equal((1UL, "base", 1U), (plan.Generation, plan.Persona.Name, plan.FloorRank));
        var staged = Assert.Single(plan.Staged);
        Assert.Equal(
            ("m", 1UL, 7U, "mysql", 3000UL, 3600_000UL),
            (staged.Persona.Name, staged.Persona.Revision, staged.Priority, staged.Trigger.Process.ProcessName,
                staged.Lifecycle.LingerMs, staged.Lifecycle.TtlMs));
        Assert.NotEmpty(staged.Persona.Rules);
        var status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Equal(
            ("base", "default", 1, "m"),
            ((string?)status["staging"]!["floor_persona"], (string?)status["staging"]!["floor_cause"],
                (int)status["staging"]!["floor_rank"]!, (string?)status["staging"]!["personas"]![0]));
        Assert.Equal("staged", (string?)status["bound"]![0]!["state"]);
    }

    [Fact]
    public async Task Personas_are_staged_in_rank_order_and_what_is_held_by_hand_is_not()
    {
        await Controller.PutPersonaAsync("""{"name":"b","activation_trigger":{"process_name":"one"}}""");
        await Controller.PutPersonaAsync("""{"name":"a","activation_trigger":{"process_name":"two"}}""");
        await Controller.PutPersonaAsync("""{"name":"z","priority":1,"activation_trigger":{"process_name":"three"}}""");
        await Controller.PutPersonaAsync("""{"name":"never"}""");
        await Controller.PutPersonaAsync(
            """
            {"name":"h","priority":2,"activation_trigger":{"process_name":"four"},
              "lifecycle":{"deactivate_when":"manual"}}
            """);
        await using var agent = await AgentAsync();
        await Controller.BindAsync("vm-1", """["b","a","z","never","h"]""");

        var plan = await agent.RealiseNextAsync();
        Assert.Equal(["z", "a", "b"], plan.Staged.Select(staged => staged.Persona.Name));
        Assert.Equal((null, 3U), (plan.Persona, plan.FloorRank));
        await agent.ExecAsync(4, "/four");
        plan = await agent.RealiseNextAsync();
        Assert.Equal(("h", 1U, 3), (plan.Persona.Name, plan.FloorRank, plan.Staged.Count));

        using var released = await Controller.DeactivateAsync("vm-1");
        await RunningController.ProblemAsync(released, 409);
        await agent.ExitAsync(4);
        Assert.True(await agent.HearsNothingAsync(Silence));
        using var deactivated = await Controller.DeactivateAsync("vm-1");
        await RunningController.SuccessAsync(deactivated);
        plan = await agent.RealiseNextAsync();
        Assert.Equal((null, 3U), (plan.Persona, plan.FloorRank));
    }

    [Fact]
    public async Task Whatever_the_VM_must_know_makes_a_new_generation_and_a_trigger_does_not()
    {
        await using var agent = await BoundAgentAsync();
        await Controller.PutPersonaAsync("""{"name":"base2"}""");

        await agent.ExecAsync(42, "/usr/bin/mysql");
        await agent.ExitAsync(42);
        Assert.True(await agent.HearsNothingAsync(Silence), "a trigger");

        await Controller.PutPersonaAsync(RunningController.Persona.Replace("3306", "3307", StringComparison.Ordinal));
        var revised = await agent.RealiseNextAsync();
        Assert.Equal(
            (2UL, 2UL, "base"), (revised.Generation, revised.Staged[0].Persona.Revision, revised.Persona.Name));

        await Controller.PutPersonaAsync(RunningController.Persona.Replace("mysql", "psql", StringComparison.Ordinal));
        Assert.Equal("psql", (await agent.RealiseNextAsync()).Staged[0].Trigger.Process.ProcessName);

        await Controller.BindAsync("vm-1", """["db"]""", "base2");
        var defaulted = await agent.RealiseNextAsync();
        Assert.Equal(("base2", "db"), (defaulted.Persona.Name, defaulted.Staged[0].Persona.Name));

        await Controller.BindAsync("vm-1", "[]", "base2");
        var unbound = await agent.RealiseNextAsync();
        Assert.Equal((5UL, 0, 0U), (unbound.Generation, unbound.Staged.Count, unbound.FloorRank));

        await Controller.BindAsync("vm-1", "[]", "base2");
        Assert.True(await agent.HearsNothingAsync(Silence), "the same again");
    }

    [Fact]
    public async Task What_is_decided_here_is_waited_for_and_what_the_VM_decides_is_not()
    {
        await Controller.PutPersonaAsync(
            """
            {"name":"h","activation_trigger":{"any_of":[{"process_name":"four"},{"user":"bob"}]},
              "lifecycle":{"deactivate_when":"manual"}}
            """);
        await Controller.PutPersonaAsync(
            """
            {"name":"a","priority":1,"activation_trigger":{"any_of":[{"process_name":"five"},{"process_name":"four"}]},
              "lifecycle":{"deactivate_when":"manual"}}
            """);
        await using var agent = await BoundAgentAsync();
        Assert.Empty(agent.Watches);

        await Controller.BindAsync("vm-1", """["db","h","a"]""", "base");
        Assert.True(await agent.HearsNothingAsync(Silence), "it takes no generation");
        var conditions = Assert.Single(agent.Watches).Conditions;
        Assert.Equal(["five", "four", ""], conditions.Select(condition => condition.ProcessName));
        Assert.Equal("bob", conditions[2].User);

        await Controller.BindAsync("vm-1", """["h","db","a"]""", "base");
        Assert.True(await agent.HearsNothingAsync(Silence));
        Assert.Single(agent.Watches);

        await Controller.BindAsync("vm-1", """["db"]""", "base");
        Assert.True(await agent.HearsNothingAsync(Silence));
        Assert.Empty(agent.Watches[1].Conditions);
    }

    [Fact]
    public async Task A_VM_that_decides_nothing_is_told_all_that_is_waited_for_on_each_stream()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync("""{"name":"base"}""");
        for (var stream = 0; stream < 2; stream++)
        {
            await using var agent = await Controller.AgentAsync("vm-1");
            await Controller.BindAsync("vm-1", """["db"]""", "base");

            Assert.Equal("base", (await agent.RealiseNextAsync()).Persona.Name);
            Assert.True(await agent.HearsNothingAsync(Silence));
            Assert.Equal("mysql", Assert.Single(Assert.Single(agent.Watches).Conditions).ProcessName);
        }
    }

    [Fact]
    public async Task A_pin_stands_ahead_of_what_is_staged_until_it_ends()
    {
        await using var agent = await BoundAgentAsync();
        await Controller.PutPersonaAsync("""{"name":"locked"}""");
        await agent.SwitchAsync(Db, SwitchCause.TriggerBegan, Mysql);
        await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");

        await Controller.ActivateAsync("vm-1", """{"persona":"locked"}""");
        var pinned = await agent.RealiseNextAsync();
        Assert.Equal(("locked", 0U, 1), (pinned.Persona.Name, pinned.FloorRank, pinned.Staged.Count));
        var status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Equal(("locked", "manual"), ((string?)status["active_persona"], (string?)status["cause"]));

        using var deactivated = await Controller.DeactivateAsync("vm-1");
        var unpinned = await agent.NextAsync();
        Assert.Equal(("base", 1U), (unpinned.Persona.Name, unpinned.FloorRank));
        // The process lives: the VM goes back to its persona at once.
        await agent.AcknowledgeAsync(unpinned, Db);
        status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Equal(
            ("db", "db", "trigger"),
            ((string?)status["active_persona"], (string?)status["desired_persona"], (string?)status["cause"]));
        // An answer that comes again changes nothing.
        await agent.AcknowledgeAsync(unpinned, Db);
        await Controller.WaitForAsync("vm-1", status => (long)status["epoch"]! == agent.Realised.Epoch);
        var history = await HistoryAsync();
        Assert.Equal(
            [("db", "trigger", "realized"), ("base", "default", "superseded"), ("locked", "manual", "realized"),
                ("db", "trigger", "realized"), ("base", "default", "realized")],
            history.Select(Line));
    }

    [Fact]
    public async Task A_switch_by_the_VM_becomes_history_and_status()
    {
        await using var agent = await BoundAgentAsync();

        await agent.SwitchAsync(Db, SwitchCause.TriggerBegan, Mysql);
        var status = await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");

        Assert.Equal(
            ("Realized", "db", "trigger", 1L, 2L),
            ((string?)status["phase"], (string?)status["desired_persona"], (string?)status["cause"],
                (long)status["desired_generation"]!, (long)status["epoch"]!));
        Assert.Equal(
            "Process 42 '/usr/bin/mysql' of alice (1000) started: db is active because of its trigger.",
            (string?)status["reason"]);
        Assert.Equal("base", (string?)status["staging"]!["floor_persona"]);
        Assert.Equal("staged", (string?)status["lifecycle"]!["state"]);
        Assert.Equal((string?)status["since"], (string?)status["bound"]![0]!["since"]);
        var line = (await HistoryAsync())[0]!;
        Assert.Equal(("db", "trigger", "realized"), Line(line));
        Assert.Equal(
            (1L, 2L, "base", "started", 42L, "mysql"),
            ((long)line["generation"]!, (long)line["epoch"]!, (string?)line["previous"],
                (string?)line["process"]!["event"], (long)line["process"]!["pid"]!,
                (string?)line["process"]!["name"]));

        await agent.SwitchAsync(new Persona { Name = "base", Revision = 1 }, SwitchCause.TriggerEnded, Mysql);
        status = await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "base");
        Assert.Equal(
            ("Realized", "default",
                "Process 42 '/usr/bin/mysql' of alice (1000) exited: base is active because it is the default."),
            ((string?)status["phase"], (string?)status["cause"], (string?)status["reason"]));
        Assert.Equal("exited", (string?)(await HistoryAsync())[0]!["process"]!["event"]);
        Assert.True(await agent.HearsNothingAsync(Silence));
        var metrics = await Controller.Http.GetStringAsync("/metrics");
        Assert.Contains("{trigger=\"trigger\",result=\"realized\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("{trigger=\"default\",result=\"realized\"} 2\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\npersona_controller_unrealised_vms 0\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_a_linger_says_so()
    {
        await using var agent = await BoundAgentAsync();
        await agent.SwitchAsync(Db, SwitchCause.TriggerBegan, Mysql);

        await agent.SwitchAsync(new Persona { Name = "base", Revision = 1 }, SwitchCause.Linger);

        var status = await Controller.WaitForAsync("vm-1", status => (long)status["epoch"]! == 3);
        Assert.Equal(
            "The linger of db is over: base is active because it is the default.", (string?)status["reason"]);
    }

    [Fact]
    public async Task A_switch_that_was_told_before_or_is_older_changes_nothing()
    {
        await using var agent = await BoundAgentAsync();
        await agent.SwitchAsync(Db, SwitchCause.TriggerBegan, Mysql);
        await agent.SwitchAsync(new Persona { Name = "base", Revision = 1 }, SwitchCause.TriggerEnded, Mysql);
        await Controller.WaitForAsync("vm-1", status => (long)status["epoch"]! == 3);

        foreach (var epoch in (uint[])[3, 2, 1])
        {
            await agent.SendAsync(Report(epoch));
        }

        await agent.SwitchAsync(Db, SwitchCause.TriggerBegan, Mysql);
        await Controller.WaitForAsync("vm-1", status => (long)status["epoch"]! == 4);
        Assert.Equal([4L, 3L, 2L, null], (await HistoryAsync()).Select(line => (long?)line!["epoch"]));
    }

    [Fact]
    public async Task A_switch_to_what_is_bound_no_more_is_told_and_overruled()
    {
        await using var agent = await BoundAgentAsync();
        await Controller.BindAsync("vm-1", "[]", "base");
        var unbound = await agent.NextAsync();

        await agent.SwitchAsync(Db, SwitchCause.TriggerBegan, Mysql);
        var status = await Controller.WaitForAsync("vm-1", status => (string?)status["active_persona"] == "db");
        Assert.Equal(("Realizing", "base"), ((string?)status["phase"], (string?)status["desired_persona"]));
        await agent.AcknowledgeAsync(unbound);

        await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Equal(
            [("base", "default", "realized"), ("db", "trigger", "realized"), ("base", "default", "realized")],
            (await HistoryAsync()).Select(Line));
    }

    [Fact]
    public async Task Nonsense_ends_the_stream()
    {
        Action<SwitchReport>[] faults =
        [
            it => it.Cause = SwitchCause.Unspecified,
            it => it.Revision = 0,
            it => it.Persona = "",
            it => it.Time = null,
            it => it.Process.Path = new string('/', 4097),
        ];
        foreach (var fault in faults)
        {
            await using var agent = await AgentAsync();
            var report = Report(9);
            fault(report);
            await agent.SendAsync(report);
            Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, await agent.EndAsync());
        }
    }

    private static Persona Db { get; } = new() { Name = "db", Revision = 1 };

    private static SwitchProcess Mysql { get; } = new()
    {
        Pid = 42,
        Path = "/usr/bin/mysql",
        Executable = "/usr/bin/mariadb",
        UserId = 1000,
        UserName = "alice",
    };

    private static SwitchReport Report(uint epoch) => new()
    {
        Epoch = epoch,
        Persona = "db",
        Revision = 1,
        Cause = SwitchCause.TriggerBegan,
        Process = Mysql.Clone(),
        Time = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
    };

    private static (string?, string?, string?) Line(JsonNode? line) =>
        ((string?)line!["persona"], (string?)line["cause"], (string?)line["result"]);

    private async Task<JsonArray> HistoryAsync() =>
        (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]!.AsArray();

    private async Task<FakeAgent> AgentAsync()
    {
        await Controller.PutPersonaAsync("""{"name":"base"}""");
        var agent = await Controller.ConnectAsync(
            "vm-1", capabilities: FakeAgent.ActivatesItself);
        await agent.SnapshotAsync();
        return agent;
    }

    /// <summary>With db staged over base, in force.</summary>
    private async Task<FakeAgent> BoundAgentAsync()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        var agent = await AgentAsync();
        await Controller.BindAsync("vm-1", """["db"]""", "base");
        await agent.RealiseNextAsync();
        await Controller.WaitForPhaseAsync("vm-1", "Realized");
        return agent;
    }
}
