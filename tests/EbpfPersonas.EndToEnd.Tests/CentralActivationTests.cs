using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Prometheus;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>A VM reports, and its controller decides.</summary>
public sealed class CentralActivationTests : SystemTest
{
    private const int Activations = 10;

    // Held until somebody releases it: the kernel may not decide on that.
    private const string Held =
        """
        {"name":"held","activation_trigger":{"process_name":"cat"},"lifecycle":{"deactivate_when":"manual"},
          "network_profile":{"allowed_egress":[{"protocol":"tcp","port":3306}]}}
        """;

    private const string Client =
        """
        {"name":"client","activation_trigger":{"process_name":"cat"},
          "network_profile":{"allowed_egress":[{"protocol":"tcp","port":3306}]}}
        """;

    [Fact]
    public async Task How_long_reports_and_activations_take_is_on_the_metrics_of_both_sides()
    {
        await StartAgentAsync(activation: "controller");
        await BindAsync("client", Client);
        for (var activation = 0; activation < Activations; activation++)
        {
            await using var cat = VmHost.Start("cat", []);
            await Api.WaitUntilRealisedAsync(Vm, "client");
            await cat.StopAsync();
            await Api.WaitUntilRealisedAsync(Vm, "base");
        }

        var agent = await Agent.ReadMetricsAsync();
        AssertPlausible(agent, "persona_agent_report_seconds", Activations, ("urgency", "urgent"));
        var controller = await Controller.ReadMetricsAsync();
        AssertPlausible(controller, "persona_controller_activation_seconds", Activations, ("trigger", "trigger"));
        // The first time it was the bindings.
        AssertPlausible(controller, "persona_controller_activation_seconds", Activations + 1, ("trigger", "default"));
        AssertPlausible(controller, "persona_controller_push_seconds", (2 * Activations) + 1);
    }

    [Fact]
    public async Task What_is_held_by_hand_is_reported_at_once_beside_what_the_kernel_does_by_itself()
    {
        await StartAgentAsync();
        await Api.PutPersonaAsync("client", Client.Replace("cat", "sleep", StringComparison.Ordinal));
        await BindAsync("held", Held, "client");

        await using (var sleep = VmHost.Start("sleep", ["60"]))
        {
            await Api.WaitUntilRealisedAsync(Vm, "client");
            await sleep.StopAsync();
        }

        await Api.WaitUntilRealisedAsync(Vm, "base");
        Assert.Equal(0, await UrgentAsync());
        await using var cat = VmHost.Start("cat", []);
        await Api.WaitUntilRealisedAsync(Vm, "held");
        Assert.Equal(1, await UrgentAsync());
        await cat.StopAsync();
        // While it is live by its trigger there is nothing to release.
        await Eventually.TrueAsync(
            async () => await StateOfAsync("held") == "held", Patience, () => "the end of cat has been reported");
        await Api.DeactivateAsync(Vm);
        await Api.WaitUntilRealisedAsync(Vm, "base");
    }

    private async Task<string?> StateOfAsync(string persona) =>
        (string?)(await Api.StatusAsync(Vm))["bound"]!.AsArray()
            .Single(bound => (string?)bound!["persona"] == persona)!["state"];

    private async Task<double> UrgentAsync() =>
        (await Agent.ReadMetricsAsync()).Sum("persona_agent_report_seconds_count", ("urgency", "urgent"));

    /// <summary>So many, each longer than nothing and shorter than a test waits.</summary>
    private static void AssertPlausible(
        IReadOnlyList<Sample> samples, string name, int count, params (string, string)[] labels)
    {
        Assert.Equal(count, samples.Sum(name + "_count", labels));
        Assert.InRange(samples.Sum(name + "_sum", labels) / count, 0.00005, Patience.TotalSeconds);
        Assert.Equal(count, samples.Sum(name + "_bucket", [.. labels, ("le", "10")]));
    }

    private async Task BindAsync(string name, string document, params string[] others)
    {
        await Api.PutPersonaAsync("base", """{"name":"base"}""");
        await Api.PutPersonaAsync(name, document);
        await Api.BindAsync(Vm, "base", [name, .. others]);
        await Api.WaitUntilRealisedAsync(Vm, "base");
    }
}
