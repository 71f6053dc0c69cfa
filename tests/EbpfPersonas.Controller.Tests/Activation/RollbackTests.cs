using System.Text.Json.Nodes;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using EbpfPersonas.TestKit.Prometheus;
using Grpc.Core;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Activation;

/// <summary>What the controller makes of personas that VMs left again.</summary>
public sealed class RollbackTests : ControllerTest
{
    [Fact]
    public async Task A_question_is_answered_with_its_nonce_and_the_name_of_the_store()
    {
        await using var agent = await Controller.AgentAsync("vm-1");

        var answer = await agent.ConfirmAsync([1, 2, 3]);

        Assert.Equal([1, 2, 3], answer.Nonce.ToByteArray());
        Assert.Equal(agent.ControllerId, answer.ControllerId);
        var refused = await Assert.ThrowsAsync<RpcException>(() => agent.ConfirmAsync(new byte[65]));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Fact]
    public async Task The_agent_is_told_how_long_it_may_wait()
    {
        await using var agent = await StartAsync();
        await Controller.ActivateAsync("vm-1", """{"persona":"bad"}""");

        Assert.Equal(2500ul, (await agent.NextAsync()).Persona.ConfirmTimeoutMs);
    }

    [Fact]
    public async Task A_return_is_told_in_the_history_and_counted_and_what_was_decided_stays()
    {
        await using var agent = await StartAsync();
        await Controller.ActivateAsync("vm-1", """{"persona":"bad"}""");
        var desired = await agent.RealiseNextAsync();

        await agent.SwitchAsync(null, SwitchCause.Rollback, rolledBack: "bad");
        await agent.SendRollbacksAsync(FakeAgent.RolledBack("bad", 1, 1));

        var status = await Controller.WaitForAsync("vm-1", status => status["rollbacks"]!.AsArray().Count == 1);
        Assert.Equal(("bad", (long)desired.Generation),
            ((string?)status["desired_persona"], (long)status["desired_generation"]!));
        var rollback = status["rollbacks"]![0]!;
        Assert.Equal(
            ("bad", 1L, 1L, false, "timeout"),
            ((string?)rollback["persona"], (long)rollback["revision"]!, (long)rollback["count"]!,
                (bool)rollback["quarantined"]!, (string?)rollback["reason"]));
        Assert.Contains("ROLLED_BACK", Conditions(status));
        var line = (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]![0]!;
        Assert.Equal(
            ("rollback", null, "bad"), ((string?)line["cause"], (string?)line["persona"], (string?)line["previous"]));
        Assert.StartsWith("bad was not confirmed in time: ", (string?)line["reason"], StringComparison.Ordinal);
        var metrics = PrometheusText.Read(await Controller.Http.GetStringAsync("/metrics"));
        Assert.Equal(1, metrics.Sum("persona_controller_rollbacks_total", ("reason", "timeout")));
    }

    [Fact]
    public async Task What_is_quarantined_gives_way_to_the_next_and_cannot_be_pinned_until_there_is_a_new_revision()
    {
        await using var agent = await StartAsync();
        await Controller.BindAsync("vm-1", "[]", "office");
        await agent.RealiseNextAsync();
        await Controller.ActivateAsync("vm-1", """{"persona":"bad"}""");
        await agent.RealiseNextAsync();

        await agent.SendRollbacksAsync(FakeAgent.RolledBack("bad", 1, 2));

        Assert.Equal("office", (await agent.RealiseNextAsync()).Persona.Name);
        Assert.Contains("QUARANTINED", Conditions(await Controller.StatusAsync("vm-1")));
        using var refused = await Controller.Http.PostAsync(
            "/api/v1/vms/vm-1/activations", RunningController.Json("""{"persona":"bad"}"""));
        Assert.Contains(
            "quarantined", (string?)(await RunningController.ProblemAsync(refused, 409))["detail"],
            StringComparison.Ordinal);

        // The activation by hand is still there.
        await Controller.PutPersonaAsync(Bad("5s"));
        var again = await agent.RealiseNextAsync();
        Assert.Equal(("bad", 2ul), (again.Persona.Name, again.Persona.Revision));
    }

    [Fact]
    public async Task A_quarantined_default_gives_way_to_none_also_after_a_restart_of_the_controller()
    {
        await using (var agent = await StartAsync())
        {
            await Controller.BindAsync("vm-1", "[]", "bad");
            await agent.RealiseNextAsync();
            await agent.SendRollbacksAsync(FakeAgent.RolledBack("bad", 1, 2));
            Assert.Null((await agent.RealiseNextAsync()).Persona);
            await Controller.WaitForPhaseAsync("vm-1", "Realized");
        }

        await Controller.StopAsync();
        await Controller.StartAgainAsync();

        var status = await Controller.StatusAsync("vm-1");
        Assert.True((bool)status["rollbacks"]![0]!["quarantined"]!);
        Assert.Null((string?)status["desired_persona"]);
        await Controller.BindAsync("vm-1", "[]", "office");
        await Controller.BindAsync("vm-1", "[]", "bad");
        Assert.Null((string?)(await Controller.StatusAsync("vm-1"))["desired_persona"]);
    }

    [Fact]
    public async Task A_quarantined_persona_is_not_staged_and_a_weaker_one_is()
    {
        await Controller.PutPersonaAsync("""{"name":"weaker","activation_trigger":{"process_name":"weaker"}}""");
        await using var agent = await StartAsync(FakeAgent.ActivatesItself);
        await Controller.BindAsync("vm-1", """["bad","weaker"]""", "office");
        Assert.Equal(2, (await agent.RealiseNextAsync()).Staged.Count);

        await agent.SendRollbacksAsync(FakeAgent.RolledBack("bad", 1, 2));

        var plan = await agent.RealiseNextAsync();
        Assert.Equal(("weaker", 1U), (Assert.Single(plan.Staged).Persona.Name, plan.FloorRank));
    }

    private static string Bad(string timeout) =>
        $$$"""
        {"name":"bad","priority":1,"lifecycle":{"confirm_timeout":"{{{timeout}}}"},
          "activation_trigger":{"process_path":"/usr/bin/bad"}}
        """;

    private static IEnumerable<string?> Conditions(JsonNode status) =>
        status["conditions"]!.AsArray().Select(condition => (string?)condition!["type"]);

    private async Task<FakeAgent> StartAsync(IReadOnlyList<string>? capabilities = null)
    {
        await Controller.PutPersonaAsync(Bad("2500ms"));
        await Controller.PutPersonaAsync("""{"name":"office"}""");
        var agent = await Controller.ConnectAsync("vm-1", capabilities: capabilities);
        await agent.SnapshotAsync();
        await Controller.WaitForAsync("vm-1", status => (bool)status["connected"]!);
        return agent;
    }
}
