using System.Net;
using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Activation;

public sealed class ManualActivationTests : ControllerTest
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_pin_is_stronger_than_a_trigger_and_ends_by_hand()
    {
        await using var agent = await AgentAsync();
        await agent.ExecAsync(1, "/usr/bin/mysql");
        Assert.Equal("db", (await agent.RealiseNextAsync()).Persona.Name);

        using var posted = await Controller.Http.PostAsync(
            "/api/v1/vms/vm-1/activations", RunningController.Json("""{"persona":"locked","reason":"incident 7"}"""));
        Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
        var pinned = await agent.RealiseNextAsync();
        Assert.Equal("locked", pinned.Persona.Name);
        Assert.Contains("incident 7", pinned.Cause, StringComparison.Ordinal);
        var status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Equal(("manual", "locked"), ((string?)status["cause"], (string?)status["pin"]!["persona"]));
        using var deactivated = await Controller.DeactivateAsync("vm-1");

        Assert.Equal("db", (await agent.RealiseNextAsync()).Persona.Name);
    }

    [Fact]
    public async Task A_status_tells_of_one_moment()
    {
        await using var agent = await AgentAsync();
        var switching = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await Controller.ActivateAsync("vm-1", """{"persona":"locked"}""");
                await agent.RealiseNextAsync();
                using var deactivated = await Controller.DeactivateAsync("vm-1");
                await agent.RealiseNextAsync();
            }
        });

        var torn = new List<string>();
        while (!switching.IsCompleted)
        {
            var status = await Controller.StatusAsync("vm-1");
            if ((string?)status["phase"] == "Realized"
                && (string?)status["active_persona"] != (string?)status["desired_persona"])
            {
                torn.Add(status.ToJsonString());
            }
        }

        await switching;
        Assert.Empty(torn);
    }

    [Fact]
    public async Task A_pin_ends_when_its_time_is_over()
    {
        await using var agent = await AgentAsync();

        var status = await Controller.ActivateAsync("vm-1", """{"persona":"locked","ttl":"400ms"}""");
        Assert.NotNull(status["pin"]!["expires"]);
        Assert.Equal("locked", (await agent.RealiseNextAsync()).Persona.Name);
        var after = await agent.RealiseNextAsync();

        Assert.Null(after.Persona);
        Assert.Contains("expired", after.Cause, StringComparison.Ordinal);
        Assert.Null((await Controller.StatusAsync("vm-1"))["pin"]);
    }

    [Fact]
    public async Task A_pin_outlives_the_controller_and_ends_in_time_all_the_same()
    {
        await using (var agent = await AgentAsync())
        {
            await Controller.ActivateAsync("vm-1", """{"persona":"locked","ttl":"1500ms"}""");
            await agent.RealiseNextAsync();
        }

        await Controller.StopAsync();
        await Controller.StartAgainAsync();
        await using var again = await Controller.AgentAsync("vm-1");

        Assert.Equal("locked", (await again.RealiseNextAsync()).Persona.Name);
        Assert.Null((await again.RealiseNextAsync()).Persona);
    }

    [Fact]
    public async Task There_is_nothing_to_deactivate_where_a_trigger_made_it_active()
    {
        await using var agent = await AgentAsync();
        await RunningController.ProblemAsync(await Controller.DeactivateAsync("vm-1"), 404);
        await agent.ExecAsync(1, "/usr/bin/mysql");
        await agent.RealiseNextAsync();

        await RunningController.ProblemAsync(await Controller.DeactivateAsync("vm-1"), 409);
    }

    [Theory]
    [InlineData("""{"persona":"none"}""", "/persona UNKNOWN_PERSONA")]
    [InlineData("""{"ttl":"5m"}""", "/persona REQUIRED")]
    [InlineData("""{"persona":"db","ttl":"0s"}""", "/ttl OUT_OF_RANGE")]
    [InlineData("""{"persona":"db","ttl":300}""", "/ttl WRONG_TYPE")]
    [InlineData("""{"persona":"db","ttl":"soon"}""", "/ttl BAD_UNIT")]
    [InlineData("""{"persona":"db","reason":"\u001b[2J"}""", "/reason CONTROL_CHARACTER")]
    [InlineData("""{"persona":"db","user":"x"}""", "/user UNKNOWN_FIELD")]
    public async Task A_wrong_request_is_refused_with_its_field(string body, string error)
    {
        await using var agent = await AgentAsync();

        var problem = await RunningController.ProblemAsync(
            await Controller.Http.PostAsync("/api/v1/vms/vm-1/activations", RunningController.Json(body)), 422);

        Assert.Equal([error], RunningController.Errors(problem));
        Assert.True(await agent.HearsNothingAsync(TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public async Task Bindings_name_every_persona_that_does_not_exist()
    {
        await using var agent = await AgentAsync();

        var problem = await RunningController.ProblemAsync(
            await Controller.Http.PutAsync(
                "/api/v1/vms/vm-1/bindings",
                RunningController.Json("""{"personas":["db","x","y"],"default":"z"}""")), 422);

        Assert.Equal(
            ["/personas/1 UNKNOWN_PERSONA", "/personas/2 UNKNOWN_PERSONA", "/default UNKNOWN_PERSONA"],
            RunningController.Errors(problem));
        Assert.Equal(["db"], (await Controller.GetAsync("/api/v1/vms/vm-1/bindings"))["personas"]!.AsArray().Select(
            name => (string)name!));
        await RunningController.ProblemAsync(
            await Controller.Http.PutAsync(
                "/api/v1/vms/vm-1/bindings", RunningController.Json("""{"personas":["db","db"]}""")), 422);
        await RunningController.ProblemAsync(
            await Controller.Http.PutAsync(
                "/api/v1/vms/never/bindings", RunningController.Json("""{"personas":["db"]}""")), 404);
    }

    [Fact]
    public async Task A_pin_of_what_is_active_already_makes_no_new_generation_but_is_in_the_history()
    {
        await using var agent = await AgentAsync();
        await agent.ExecAsync(1, "/usr/bin/mysql");
        await agent.RealiseNextAsync();
        await Controller.WaitForPhaseAsync("vm-1", "Realized");

        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");

        Assert.True(await agent.HearsNothingAsync(Silence));
        var newest = (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]![0]!;
        Assert.Equal(
            ("manual", "realized", 1L),
            ((string?)newest["cause"], (string?)newest["result"], (long)newest["generation"]!));
    }

    private async Task<FakeAgent> AgentAsync()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync(
            """{"name":"locked","network_profile":{"allowed_egress":[],"allowed_ingress":[]}}""");
        var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", """["db"]""");
        return agent;
    }
}
