using EbpfPersonas.TestKit.Activation;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Prometheus;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>
/// A new process meets its persona from its first instruction on, whatever the agent does meanwhile. `make
/// prove-activation` does the same longer.
/// </summary>
public sealed class FirstPacketTests(ITestOutputHelper output) : LabTest
{
    private const int Times = 500;

    /// <summary>More than the ring of process events has room for.</summary>
    private const int Storm = 20_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Every_first_packet_meets_its_persona_whatever_the_agent_does()
    {
        await using var system = await StagedSystem.StartAsync(Lab);
        foreach (var part in FirstPacketRun.Parts)
        {
            var run = await FirstPacketRun.MakeAsync(system, part, Times);
            output.WriteLine($"{run}");
            Assert.True(run.Holds, $"{run}");
        }
    }

    [Fact]
    public async Task Without_the_kernel_some_meet_the_persona_before_and_this_test_sees_it()
    {
        await using var system = await StagedSystem.StartAsync(Lab, activation: "controller");

        var arrived = await system.RunAsync(Times, system.Mysql);

        output.WriteLine($"{Times} times, switched by the controller: {arrived}");
        Assert.True(arrived.UdpOld + arrived.TcpOld > 0, "nothing leaked: then the test above shows nothing");
    }

    [Fact]
    public async Task A_ring_that_is_full_loses_no_trigger()
    {
        await using var system = await StagedSystem.StartAsync(Lab);
        var one = new Arrivals(0, 0, 1, 1);
        await using (var before = system.VmHost.Start(system.LongMysql, ["600"]))
        {
            await system.Api.WaitUntilRealisedAsync(StagedSystem.Vm, StagedSystem.Client);
            system.StopAgent();
            await OverrunAsync(system);
            Assert.Equal(one, await system.RunAsync(1, system.Other));
        }

        // It ended while nobody looked, and another began.
        Assert.Equal(new Arrivals(1, 1, 0, 0), await system.RunAsync(1, system.Other));
        system.ContinueAgent();
        await AssertInForceAsync(system, StagedSystem.Before);
        Assert.True(await LostAsync(system) > 0, "void: the ring was not full");

        system.StopAgent();
        await OverrunAsync(system);
        await using (var meanwhile = system.VmHost.Start(system.LongMysql, ["600"]))
        {
            await Eventually.TrueAsync(
                async () => await system.RunAsync(1, system.Other) == one, Patience, () => "its persona is in force");
            system.ContinueAgent();
            await AssertInForceAsync(system, StagedSystem.Client);
        }

        await AssertInForceAsync(system, StagedSystem.Before);
    }

    private static async Task OverrunAsync(StagedSystem system) => Assert.Equal(
        new Arrivals(0, 0, Storm / 100, Storm / 100), await system.StormAsync(Storm));

    /// <summary>The controller says so, and why in its history.</summary>
    private static async Task AssertInForceAsync(StagedSystem system, string persona)
    {
        await system.Api.WaitUntilRealisedAsync(StagedSystem.Vm, persona, Patience);
        await Eventually.TrueAsync(
            async () =>
            {
                var items = (await system.Api.ActivationsAsync(StagedSystem.Vm))["items"]!.AsArray();
                return ((string?)items[0]!["persona"], (string?)items[0]!["result"]) == (persona, "realized");
            },
            Patience, () => $"the history ends with {persona}");
    }

    private static async Task<double> LostAsync(StagedSystem system) =>
        (await system.Agent.ReadMetricsAsync()).Sum("persona_agent_events_lost_total", ("source", "process"));
}
