using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Wire;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Fleet;

/// <summary>A document's own tests on their way to the agent, and the agent's answer where they fail.</summary>
public sealed class DocumentTestTests : ControllerTest
{
    [Theory]
    [InlineData("TEST_FAILED", "tests[1]: Expected allow for egress tcp 10.0.0.11 port 3306, but it is deny by no-db.")]
    [InlineData("OF_A_NEWER_AGENT", "Something that this controller has no name for.")]
    public async Task A_refusal_is_shown_with_its_code_and_message_also_where_the_code_is_unknown(
        string code, string message)
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");

        await agent.RefuseAsync(await agent.NextAsync(), code, message);

        var status = await Controller.WaitForPhaseAsync("vm-1", "Failed");
        Assert.Null(status["active_persona"]);
        Assert.Equal(
            (code, message), ((string?)status["last_error"]!["code"], (string?)status["last_error"]!["message"]));
        var condition = status["conditions"]!.AsArray().Single(item => (string?)item!["type"] == "APPLY_FAILED")!;
        Assert.Equal(code, (string?)condition["name"]);
        Assert.EndsWith(message, (string?)condition["message"], StringComparison.Ordinal);
        var newest = (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]![0]!;
        Assert.Equal(("failed", $"{code}: {message}"), ((string?)newest["result"], (string?)newest["error"]));
    }

    [Fact]
    public async Task The_tests_of_a_document_reach_the_agent()
    {
        await Controller.PutPersonaAsync("""
            {"name": "tested", "network_profile": {"allowed_egress": [{"protocol": "tcp", "port": 3306}]}, "tests": [
              {"direction": "egress", "protocol": "tcp", "peer": "10.0.0.10", "port": 3306, "expect": "allow"},
              {"direction": "egress", "protocol": 47, "peer": "10.0.0.10", "expect": "deny"},
              {"direction": "ingress", "protocol": "icmp", "peer": "10.0.0.9", "expect": "allow"},
              {"direction": "ingress", "protocol": "icmpv6", "peer": "2001:db8::9", "icmp": {"type": 1, "code": 4},
               "expect": "allow"}]}
            """);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.ActivateAsync("vm-1", """{"persona":"tested"}""");

        var persona = PersonaReader.Read((await agent.NextAsync()).Persona);

        Assert.Equal(
            [
                "egress tcp 10.0.0.10 port 3306", "egress 47 10.0.0.10", "ingress icmp 10.0.0.9 type 8 code 0",
                "ingress icmpv6 2001:db8::9 type 1 code 4",
            ],
            persona.Tests.Select(test => test.Packet.Words));
        Assert.Equal(
            [RuleAction.Allow, RuleAction.Deny, RuleAction.Allow, RuleAction.Allow],
            persona.Tests.Select(test => test.Expect));
    }
}
