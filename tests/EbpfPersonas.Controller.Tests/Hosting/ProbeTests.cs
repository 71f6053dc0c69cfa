using Xunit;

namespace EbpfPersonas.Controller.Tests.Hosting;

public sealed class ProbeTests : ControllerTest
{
    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task Probes_answer(string path) => Assert.Equal("ok\n", await Controller.Http.GetStringAsync(path));

    [Fact]
    public async Task Metrics_have_their_documented_names_and_nothing_else()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", """["db"]""");
        await agent.ExecAsync(42, "/usr/bin/mysql");
        await agent.RealiseNextAsync();
        await Controller.WaitForPhaseAsync("vm-1", "Realized");

        var text = await Controller.Http.GetStringAsync("/metrics");

        Assert.Contains("\npersona_controller_agents_connected 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\npersona_controller_unrealised_vms 0\n", text, StringComparison.Ordinal);
        Assert.Contains("\npersona_controller_push_seconds_count 1\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "\npersona_controller_activation_seconds_count{trigger=\"trigger\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "\npersona_controller_activations_total{trigger=\"trigger\",result=\"realized\"} 1\n",
            text, StringComparison.Ordinal);
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'),
            line => Assert.StartsWith("persona_controller_", line, StringComparison.Ordinal));
    }
}
