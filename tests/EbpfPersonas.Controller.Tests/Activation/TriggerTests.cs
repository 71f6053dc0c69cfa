using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Activation;

public sealed class TriggerTests : ControllerTest
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_process_activates_its_persona_and_its_end_deactivates_it()
    {
        await using var agent = await BoundAgentAsync("""["db"]""");

        await agent.ExecAsync(42, "/usr/bin/mysql", "/usr/bin/mariadb", user: 1000);
        var activated = await agent.RealiseNextAsync();
        Assert.Equal(("db", 1UL), (activated.Persona.Name, activated.Persona.Revision));
        Assert.Contains("Process 42 '/usr/bin/mysql'", activated.Cause, StringComparison.Ordinal);
        await agent.ExitAsync(42);
        var deactivated = await agent.RealiseNextAsync();

        Assert.Null(deactivated.Persona);
        Assert.Equal(activated.Generation + 1, deactivated.Generation);
        var status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Null(status["active_persona"]);
        Assert.Equal("none", (string?)status["cause"]);
        var history = (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]!.AsArray();
        Assert.Equal(2, history.Count);
        var start = history[1]!;
        Assert.Equal(
            ("db", "trigger", "realized"),
            ((string?)start["persona"], (string?)start["cause"], (string?)start["result"]));
        Assert.Equal(
            ("started", "mysql", 42L, 1000L, "/usr/bin/mysql", "/usr/bin/mariadb"),
            ((string?)start["process"]!["event"], (string?)start["process"]!["name"], (long)start["process"]!["pid"]!,
                (long)start["process"]!["user_id"]!, (string?)start["process"]!["path"],
                (string?)start["process"]!["executable"]));
        Assert.Equal("exited", (string?)history[0]!["process"]!["event"]);
    }

    [Fact]
    public async Task A_process_that_runs_already_counts()
    {
        await using (var first = await BoundAgentAsync("""["db"]"""))
        {
        }

        await using var agent = await Controller.AgentAsync("vm-1", FakeAgent.Process(7, "/usr/bin/mysql"));

        Assert.Equal("db", (await agent.NextAsync()).Persona.Name);
        var history = (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]!.AsArray();
        Assert.Equal("snapshot", (string?)history[0]!["process"]!["event"]);
    }

    [Fact]
    public async Task A_fork_keeps_the_persona_alive_after_its_parent_ended()
    {
        await using var agent = await BoundAgentAsync("""["db"]""");
        await agent.ExecAsync(42, "/usr/bin/mysql");
        await agent.RealiseNextAsync();

        await agent.ForkAsync(43, "/usr/bin/mysql");
        await agent.ExitAsync(42);
        await agent.ExitAsync(42);
        Assert.True(await agent.HearsNothingAsync(Silence));
        await agent.ExitAsync(43);

        Assert.Null((await agent.NextAsync()).Persona);
    }

    [Fact]
    public async Task An_exec_of_something_else_in_the_same_process_ends_the_trigger()
    {
        await using var agent = await BoundAgentAsync("""["db"]""");
        await agent.ExecAsync(42, "/usr/bin/mysql");
        await agent.RealiseNextAsync();

        await agent.ExecAsync(42, "/bin/sh");

        Assert.Null((await agent.NextAsync()).Persona);
    }

    [Fact]
    public async Task An_image_of_the_same_kind_in_the_same_process_changes_nothing()
    {
        await using var agent = await BoundAgentAsync("""["db"]""");
        await agent.ExecAsync(42, "/usr/bin/mysql");
        await agent.RealiseNextAsync();

        await agent.ExecAsync(42, "/opt/bin/mysql");

        Assert.True(await agent.HearsNothingAsync(Silence));
    }

    [Fact]
    public async Task Lower_priority_wins_and_a_tie_goes_to_the_name()
    {
        await Controller.PutPersonaAsync("""{"name":"b","activation_trigger":{"process_name":"one"}}""");
        await Controller.PutPersonaAsync("""{"name":"a","activation_trigger":{"process_name":"two"}}""");
        await Controller.PutPersonaAsync("""{"name":"z","priority":1,"activation_trigger":{"process_name":"three"}}""");
        await using var agent = await BoundAgentAsync("""["b","a","z"]""");

        await agent.ExecAsync(1, "/one");
        Assert.Equal("b", (await agent.RealiseNextAsync()).Persona.Name);
        await agent.ExecAsync(2, "/two");
        Assert.Equal("a", (await agent.RealiseNextAsync()).Persona.Name);
        await agent.ExecAsync(3, "/three");
        Assert.Equal("z", (await agent.RealiseNextAsync()).Persona.Name);
        await agent.ExitAsync(2);
        Assert.True(await agent.HearsNothingAsync(Silence));
        await agent.ExitAsync(3);
        Assert.Equal("b", (await agent.RealiseNextAsync()).Persona.Name);
    }

    [Fact]
    public async Task All_parts_of_a_trigger_must_hold()
    {
        await Controller.PutPersonaAsync(
            """{"name":"both","activation_trigger":{"process_path":"/usr/bin/mysql","user":"1000"}}""");
        await using var agent = await BoundAgentAsync("""["both"]""");

        await agent.ExecAsync(1, "/usr/bin/mysql", user: 0);
        await agent.ExecAsync(2, "/opt/mysql", user: 1000);
        Assert.True(await agent.HearsNothingAsync(Silence));
        await agent.ExecAsync(3, "/usr/bin/mysql", user: 1000);

        Assert.Equal("both", (await agent.NextAsync()).Persona.Name);
    }

    [Fact]
    public async Task A_trigger_with_a_part_that_is_not_evaluated_yet_never_fires_and_says_so()
    {
        var answer = await Controller.PutPersonaAsync(
            """{"name":"p","activation_trigger":{"process_name":"mysql","listen_port":3306}}""");
        Assert.Contains(
            answer["warnings"]!.AsArray(),
            warning => (string?)warning!["pointer"] == "/activation_trigger/listen_port");
        await using var agent = await BoundAgentAsync("""["p"]""");

        await agent.ExecAsync(1, "/usr/bin/mysql");

        Assert.True(await agent.HearsNothingAsync(Silence));
    }

    [Fact]
    public async Task The_default_is_active_while_no_trigger_is_live()
    {
        await Controller.PutPersonaAsync("""{"name":"base"}""");
        await using var agent = await BoundAgentAsync("""["db"]""", "base");

        Assert.Equal("base", (await agent.RealiseNextAsync()).Persona.Name);
        await agent.ExecAsync(1, "/usr/bin/mysql");
        Assert.Equal("db", (await agent.RealiseNextAsync()).Persona.Name);
        await agent.ExitAsync(1);
        Assert.Equal("base", (await agent.RealiseNextAsync()).Persona.Name);
    }

    [Fact]
    public async Task A_new_revision_of_the_active_persona_is_pushed_and_one_of_another_is_not()
    {
        await using var agent = await BoundAgentAsync("""["db"]""");
        await agent.ExecAsync(1, "/usr/bin/mysql");
        var before = await agent.RealiseNextAsync();

        await Controller.PutPersonaAsync("""{"name":"other"}""");
        await Controller.PutPersonaAsync("""{"name":"other","priority":1}""");
        await Controller.PutPersonaAsync(RunningController.Persona.Replace("3306", "3307", StringComparison.Ordinal));
        var after = await agent.RealiseNextAsync();

        Assert.Equal((before.Generation + 1, 2UL), (after.Generation, after.Persona.Revision));
        await Controller.PutPersonaAsync(RunningController.Persona.Replace("mysql", "psql", StringComparison.Ordinal));
        Assert.Null((await agent.NextAsync()).Persona);
    }

    [Fact]
    public async Task A_new_revision_of_a_persona_that_waits_for_its_trigger_is_the_one_that_is_triggered()
    {
        await using var agent = await BoundAgentAsync("""["db"]""");
        await Controller.PutPersonaAsync(RunningController.Persona.Replace("mysql", "psql", StringComparison.Ordinal));

        await agent.ExecAsync(1, "/usr/bin/mysql");
        Assert.True(await agent.HearsNothingAsync(Silence), "the old trigger is dead");
        await agent.ExecAsync(2, "/usr/bin/psql");
        var pushed = await agent.RealiseNextAsync();

        Assert.Equal(("db", 2UL), (pushed.Persona.Name, pushed.Persona.Revision));
    }

    [Fact]
    public async Task A_persona_that_is_deactivated_by_hand_stays_when_its_trigger_ends()
    {
        await Controller.PutPersonaAsync(
            """{"name":"m","activation_trigger":{"process_name":"mysql"},"lifecycle":{"deactivate_when":"manual"}}""");
        await using var agent = await BoundAgentAsync("""["m"]""");
        await agent.ExecAsync(1, "/usr/bin/mysql");
        await agent.RealiseNextAsync();

        await agent.ExitAsync(1);
        Assert.True(await agent.HearsNothingAsync(Silence));
        Assert.Equal("m", (string?)(await Controller.StatusAsync("vm-1"))["held"]);
        using var deactivated = await Controller.DeactivateAsync("vm-1");

        await RunningController.SuccessAsync(deactivated);
        Assert.Null((await agent.NextAsync()).Persona);
    }

    [Fact]
    public async Task A_process_that_is_gone_before_its_batch_arrives_still_activates_a_persona_that_is_held()
    {
        await Controller.PutPersonaAsync(
            """{"name":"m","activation_trigger":{"process_name":"mysql"},"lifecycle":{"deactivate_when":"manual"}}""");
        await using var agent = await BoundAgentAsync("""["m"]""");

        await agent.SendAsync(
            snapshot: false,
            agent.Event(FakeAgent.Process(1, "/usr/bin/mysql")),
            new Protos.V1.ProcessEvent { Sequence = 100, Exited = new Protos.V1.ProcessExited { Pid = 1 } });

        Assert.Equal("m", (await agent.NextAsync()).Persona.Name);
        Assert.Equal("m", (string?)(await Controller.StatusAsync("vm-1"))["held"]);
    }

    private async Task<FakeAgent> BoundAgentAsync(string personas, string? fallback = null)
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", personas, fallback);
        return agent;
    }
}
