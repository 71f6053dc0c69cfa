using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Activation;

/// <summary>
/// Lives of personas through a whole controller; the table of tests/situations tells of each rule, these of the way.
/// </summary>
public sealed class LifecycleTests : ControllerTest
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_persona_lingers_says_until_when_and_ends_by_itself()
    {
        await using var agent = await AgentAsync("""{"linger":"1500ms"}""");
        await agent.ExecAsync(1, "/usr/bin/mysql");
        await agent.RealiseNextAsync();

        await agent.ExitAsync(1);
        var status = await Controller.WaitForAsync("vm-1", status => State(status) == "lingering");
        Assert.True(await agent.HearsNothingAsync(Silence));
        var after = await agent.RealiseNextAsync();

        var lifecycle = status["lifecycle"]!;
        Assert.Equal("linger", (string?)lifecycle["ends"]);
        Assert.InRange(
            (DateTimeOffset)lifecycle["until"]! - (DateTimeOffset)lifecycle["since"]!,
            TimeSpan.FromMilliseconds(1500), TimeSpan.FromSeconds(10));
        Assert.Null(after.Persona);
        Assert.Equal("The linger of m is over: no persona is active, everything is allowed.", after.Cause);
        var history = (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]![0]!;
        Assert.Equal(("none", after.Cause), ((string?)history["cause"], (string?)history["reason"]));
        Assert.Equal("none", State(await Controller.StatusAsync("vm-1")));
    }

    [Fact]
    public async Task A_trigger_that_comes_back_too_soon_waits_for_the_cooldown()
    {
        await using var agent = await AgentAsync("""{"cooldown":"1500ms"}""");
        await agent.ExecAsync(1, "/usr/bin/mysql");
        await agent.RealiseNextAsync();
        await agent.ExitAsync(1);
        Assert.Null((await agent.RealiseNextAsync()).Persona);

        await agent.ExecAsync(2, "/usr/bin/mysql");
        var waiting = await Controller.WaitForAsync("vm-1", status => Bound(status) == "waiting");
        Assert.True(await agent.HearsNothingAsync(Silence));
        var again = await agent.RealiseNextAsync();

        Assert.Equal("cooldown", (string?)waiting["bound"]![0]!["ends"]);
        Assert.Equal("The cooldown of m is over: m is active because of its trigger.", again.Cause);
        Assert.Equal("live", Bound(await Controller.StatusAsync("vm-1")));
    }

    [Fact]
    public async Task A_persona_ends_with_its_ttl_though_its_process_lives()
    {
        await using var agent = await AgentAsync("""{"ttl":"1s"}""");
        await agent.ExecAsync(1, "/usr/bin/mysql");
        Assert.Equal("m", (await agent.RealiseNextAsync()).Persona.Name);

        var after = await agent.RealiseNextAsync();
        await agent.ExecAsync(2, "/usr/bin/mysql");

        Assert.StartsWith("The ttl of m is over: ", after.Cause, StringComparison.Ordinal);
        Assert.True(await agent.HearsNothingAsync(Silence));
        Assert.Equal("spent", Bound(await Controller.StatusAsync("vm-1")));
    }

    [Fact]
    public async Task A_restart_keeps_deadlines()
    {
        await using (var agent = await AgentAsync("""{"linger":"3s"}"""))
        {
            await agent.ExecAsync(1, "/usr/bin/mysql");
            await agent.RealiseNextAsync();
            await agent.ExitAsync(1);
            await Controller.WaitForAsync("vm-1", status => State(status) == "lingering");
        }

        var until = (string?)(await Controller.StatusAsync("vm-1"))["lifecycle"]!["until"];
        await Controller.StopAsync();
        await Controller.StartAgainAsync();
        var status = await Controller.StatusAsync("vm-1");
        await using var again = await Controller.AgentAsync("vm-1");

        Assert.Equal("lingering", State(status));
        Assert.InRange(
            (DateTimeOffset)status["lifecycle"]!["until"]! - DateTimeOffset.Parse(until!, null),
            TimeSpan.FromMilliseconds(-50), TimeSpan.FromMilliseconds(50));
        Assert.Equal("m", (await again.RealiseNextAsync()).Persona.Name);
        Assert.StartsWith("The linger of m is over", (await again.RealiseNextAsync()).Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_became_due_while_no_controller_ran_is_decided_at_its_start()
    {
        await using (var agent = await AgentAsync("""{"linger":"4s"}"""))
        {
            await agent.ExecAsync(1, "/usr/bin/mysql");
            await agent.RealiseNextAsync();
            await agent.ExitAsync(1);
            await Controller.WaitForAsync("vm-1", status => State(status) == "lingering");
        }

        await Controller.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(4.5));
        await Controller.StartAgainAsync();

        Assert.Null((string?)(await Controller.StatusAsync("vm-1"))["desired_persona"]);
    }

    [Fact]
    public async Task A_clock_that_is_set_neither_ends_a_linger_nor_makes_it_longer()
    {
        var time = new JumpingTime();
        await RestartAsync(time);
        await using var agent = await AgentAsync("""{"linger":"3s"}""");
        foreach (var jump in new[] { TimeSpan.FromDays(2), TimeSpan.FromDays(-5) })
        {
            await agent.ExecAsync(1, "/usr/bin/mysql");
            await agent.RealiseNextAsync();
            await agent.ExitAsync(1);
            await Controller.WaitForAsync("vm-1", status => State(status) == "lingering");

            time.Jump(jump);
            // Something happens, so that it is looked at.
            await agent.SnapshotAsync();

            var until = (DateTimeOffset)(await Controller.StatusAsync("vm-1"))["lifecycle"]!["until"]!;
            Assert.InRange(until - time.GetUtcNow(), TimeSpan.FromSeconds(-3), TimeSpan.FromSeconds(3));
            Assert.StartsWith(
                "The linger of m is over", (await agent.RealiseNextAsync()).Cause, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_schedule_begins_and_ends_by_the_clock_on_the_wall()
    {
        var time = new JumpingTime();
        await RestartAsync(time);
        await Controller.PutPersonaAsync(
            """
            {"name":"m","activation_trigger":
              {"schedule":{"days":["mon"],"from":"13:00","to":"13:01","time_zone":"Europe/Berlin"}}}
            """);
        await using var agent = await Controller.AgentAsync("vm-1");
        time.Jump(new DateTimeOffset(2026, 1, 5, 11, 59, 56, TimeSpan.Zero) - time.GetUtcNow());
        await Controller.BindAsync("vm-1", """["m"]""");

        var begun = await agent.RealiseNextAsync();

        Assert.Equal("The schedule of m began: m is active because of its trigger.", begun.Cause);
        var lifecycle = (await Controller.StatusAsync("vm-1"))["lifecycle"]!;
        Assert.Equal(
            ("live", "schedule", new DateTimeOffset(2026, 1, 5, 12, 1, 0, TimeSpan.Zero)),
            ((string?)lifecycle["state"], (string?)lifecycle["ends"], (DateTimeOffset)lifecycle["until"]!));
    }

    [Fact]
    public async Task A_parent_counts_and_so_does_a_process_that_does_not_run()
    {
        await Controller.PutPersonaAsync(
            """
            {"name":"m","activation_trigger":{"process_name":"bash","parent_process":"/usr/sbin/sshd",
              "not":{"process_name":"maintenance"}}}
            """);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", """["m"]""");

        await agent.ExecAsync(1, "/bin/bash");
        Assert.True(await agent.HearsNothingAsync(Silence));
        await agent.SendAsync(
            snapshot: false, agent.Event(FakeAgent.Process(2, "/bin/bash", parent: "/usr/sbin/sshd")));
        Assert.Equal("m", (await agent.RealiseNextAsync()).Persona.Name);
        await agent.ExecAsync(3, "/bin/maintenance");

        Assert.Null((await agent.RealiseNextAsync()).Persona);
    }

    [Fact]
    public async Task A_pin_says_until_when()
    {
        await using var agent = await AgentAsync("{}");

        var status = await Controller.ActivateAsync("vm-1", """{"persona":"m","ttl":"1h"}""");

        Assert.Equal(("pinned", "pin"), (State(status), (string?)status["lifecycle"]!["ends"]));
        Assert.Equal((string?)status["pin"]!["expires"], (string?)status["lifecycle"]!["until"]);
    }

    private static string? State(JsonNode status) => (string?)status["lifecycle"]!["state"];

    private static string? Bound(JsonNode status) => (string?)status["bound"]![0]!["state"];

    private async Task RestartAsync(TimeProvider time)
    {
        await Controller.StopAsync();
        Controller.Time = time;
        await Controller.StartAgainAsync();
    }

    private async Task<FakeAgent> AgentAsync(string lifecycle)
    {
        await Controller.PutPersonaAsync(
            $$"""{"name":"m","activation_trigger":{"process_name":"mysql"},"lifecycle":{{lifecycle}}}""");
        var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", """["m"]""");
        return agent;
    }
}
