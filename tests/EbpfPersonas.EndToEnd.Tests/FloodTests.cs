using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.TestKit.Prometheus;
using EbpfPersonas.TestKit.Survival;
using Tmds.Linux;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>
/// Floods from outside and from inside at once, while the agent that should fend them off is stopped.
/// </summary>
public sealed class FloodTests : SystemTest
{
    private const int Connections = 100;
    private const int Port = 5000;
    private const int DeniedPort = 5001;

    /// <summary>Twice the larger table of conntrack.</summary>
    private static readonly int Beginnings = new ConntrackOptions().Flows * 2;

    private const string OnePort =
        """
        {"name":"one_port","network_profile":{
          "allowed_ingress":[{"protocol":"tcp","port":5000}],
          "allowed_egress":[{"protocol":"tcp","port":5000},
                            {"protocol":"udp","port":5000,"destination":"10.1.0.0/16"}]}}
        """;

    private const string TwoPorts =
        """
        {"name":"two_ports","network_profile":{"allowed_egress":[{"protocol":"udp","ports":["5000-5001"]}]}}
        """;

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task Connections_outlive_floods_while_the_agent_is_stopped(string attach)
    {
        await StartAgentAsync(attach);
        await PinAsync("one_port", OnePort);
        using var connections = await KeptConnections.OpenAsync(
            (VmHost, VmAddress), (DbHost, DbAddress), Port, DeniedPort, Connections);
        using var syns = await Flood.OfSynsAsync(DbHost, VmHost, Port);
        using var datagrams = await Flood.OfDatagramsAsync(VmHost, DbHost, Port);
        var before = await Agent.ReadMetricsAsync();

        Agent.Signal(LibC.SIGSTOP);
        KeptTally tally;
        try
        {
            tally = await connections.TalkUntilAsync(
                Task.WhenAll(syns.SprayAsync(Beginnings), datagrams.SprayAsync(Beginnings)));
        }
        finally
        {
            Agent.Signal(LibC.SIGCONT);
        }

        Assert.False(tally.DeniedArrived, "what is denied has passed");
        Assert.True(tally.Lost * 1000 <= Connections, $"{tally.Lost} of {Connections} connections were lost");

        // Every packet of it was counted, by its reason, while nobody looked.
        var after = await Agent.ReadMetricsAsync();
        double Counted(string direction, string reason) =>
            Packets(after, direction, reason) - Packets(before, direction, reason);
        Assert.True(
            Counted("ingress", "allowed_rule") >= Beginnings, $"void: {Counted("ingress", "allowed_rule")} SYNs");
        Assert.True(
            Counted("egress", "allowed_rule") >= Beginnings, $"void: {Counted("egress", "allowed_rule")} datagrams");
        Assert.True(
            Counted("egress", "default_deny") >= tally.Probes,
            $"{Counted("egress", "default_deny")} of {tally.Probes} probes were denied");
        Assert.Equal(0, Counted("ingress", "conntrack_full") + Counted("egress", "conntrack_full"));

        // The agent goes on where it was, and what was denied arrives where a persona lets it.
        await Agent.WaitUntilConnectedAsync(Patience);
        await PinAsync("two_ports", TwoPorts);
        Assert.True(connections.DeniedArrives(Patience), "with a rule for it, it passes");
    }

    private static double Packets(IReadOnlyList<Sample> samples, string direction, string reason) =>
        samples.Sum("persona_agent_packets_total", ("direction", direction), ("reason", reason));
}
