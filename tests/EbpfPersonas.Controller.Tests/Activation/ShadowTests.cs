using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Activation;

/// <summary>A persona in audit mode is sent to be evaluated, and leaves what is active.</summary>
public sealed class ShadowTests : ControllerTest
{
    private const string Trial =
        """
        {"name":"trial","activation_trigger":{"process_name":"nginx"},"lifecycle":{"enforcement_mode":"audit"},
          "network_profile":{"allowed_egress":[]}}
        """;

    [Theory]
    [InlineData("attach:tcx")]
    [InlineData("attach:tcx", "activation:kernel")]
    public async Task A_persona_in_audit_mode_whose_trigger_is_live_is_the_shadow(params string[] capabilities)
    {
        await using var agent = await BoundAgentAsync(capabilities);
        var before = await agent.RealiseNextAsync();
        Assert.Equal(("base", null, 0), (before.Persona.Name, before.Shadow, before.Staged.Count));

        await agent.ExecAsync(7, "/usr/sbin/nginx");
        var beside = await agent.RealiseNextAsync();

        Assert.Equal(
            ("base", "trial", EnforcementMode.Audit, 0),
            (beside.Persona.Name, beside.Shadow.Name, beside.Shadow.EnforcementMode, beside.Staged.Count));
        Assert.Contains("trial is evaluated beside it", beside.Cause, StringComparison.Ordinal);
        var status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Equal(
            ("base", "default", "trial", 1),
            ((string?)status["active_persona"], (string?)status["cause"], (string?)status["shadow"]!["persona"],
                (int)status["shadow"]!["revision"]!));

        await agent.ExitAsync(7);
        Assert.Null((await agent.RealiseNextAsync()).Shadow);
        Assert.Null((await Controller.WaitForPhaseAsync("vm-1", "Realized"))["shadow"]);
    }

    [Fact]
    public async Task One_that_is_pinned_is_the_shadow_until_it_is_taken_back()
    {
        await using var agent = await BoundAgentAsync();
        await agent.RealiseNextAsync();

        await Controller.ActivateAsync("vm-1", """{"persona":"trial"}""");
        var pinned = await agent.RealiseNextAsync();
        Assert.Equal(("base", "trial"), (pinned.Persona.Name, pinned.Shadow.Name));

        using var deactivated = await Controller.DeactivateAsync("vm-1");
        await RunningController.SuccessAsync(deactivated);
        Assert.Null((await agent.RealiseNextAsync()).Shadow);
    }

    [Fact]
    public async Task A_new_revision_that_is_enforced_becomes_active_and_the_shadow_survives_a_restart()
    {
        await using (var agent = await BoundAgentAsync())
        {
            await agent.RealiseNextAsync();
            await agent.ExecAsync(7, "/usr/sbin/nginx");
            Assert.Equal("trial", (await agent.RealiseNextAsync()).Shadow.Name);
        }

        await Controller.StopAsync();
        await Controller.StartAgainAsync();
        await using var again = await Controller.AgentAsync("vm-1", FakeAgent.Process(7, "/usr/sbin/nginx"));
        Assert.Equal(("base", "trial"), await BothAsync(again));

        await Controller.PutPersonaAsync(Trial.Replace("audit", "enforce", StringComparison.Ordinal));
        Assert.Equal(("trial", null), await BothAsync(again));
    }

    private static async Task<(string Active, string? Shadow)> BothAsync(FakeAgent agent)
    {
        var desired = await agent.RealiseNextAsync();
        return (desired.Persona.Name, desired.Shadow?.Name);
    }

    private async Task<FakeAgent> BoundAgentAsync(params string[] capabilities)
    {
        await Controller.PutPersonaAsync("""{"name":"base"}""");
        await Controller.PutPersonaAsync(Trial);
        var agent = await Controller.ConnectAsync("vm-1", capabilities: capabilities);
        await agent.SnapshotAsync();
        await Controller.BindAsync("vm-1", """["trial"]""", "base");
        return agent;
    }
}
