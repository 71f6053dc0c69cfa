using System.Net;
using System.Net.Sockets;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Prometheus;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>A real Prometheus server scrapes both sides; its answers must equal what the test sent.</summary>
public sealed class PrometheusTests : SystemTest
{
    private const int Allowed = 37;
    private const int Denied = 23;
    private const int PayloadSize = 100;
    // Ethernet, IPv4 and UDP headers: 14 + 20 + 8 octets.
    private const int FrameSize = PayloadSize + 42;

    private const string Counting =
        """
        {"name":"counting","network_profile":{
          "allowed_ingress":[],
          "allowed_egress":[{"name":"telemetry","protocol":"udp","port":9000,"destination":"10.0.0.10"}]}}
        """;

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task Its_query_API_gives_the_numbers_of_packets_that_were_sent(string attach)
    {
        using var metrics = new ScrapedAddress(VmAddress);
        await StartAgentAsync(attach, metrics: metrics);
        await PinAsync("counting", Counting);
        await using var prometheus = await PrometheusServer.StartAsync(
            ControllerHost, BuiltProduct.Prometheus,
            new ScrapeTarget("agent", Agent.MetricsAddress, metrics.AuthorityFile)
            {
                Client = (metrics.ClientCertificateFile, metrics.ClientKeyFile),
            },
            new ScrapeTarget("controller", Controller.MetricsAddress, Controller.AuthoritiesFile)
            {
                Token = Controller.Token,
            });
        using var receiver = DbHost.BindUdp(DbAddress, 9000);
        using var sender = VmHost.BindUdp(VmAddress, 0);

        await SendAsync(sender, 9000, Allowed);
        await SendAsync(sender, 9001, Denied);
        for (var packet = 0; packet < Allowed; packet++)
        {
            using var deadline = new CancellationTokenSource(Patience);
            Assert.Equal(PayloadSize, await receiver.ReceiveAsync(new byte[1500], deadline.Token));
        }

        await EqualsAsync(
            prometheus, Allowed, "persona_agent_rule_hits_total{persona=\"counting\",rule=\"telemetry\"}");
        await EqualsAsync(prometheus, Allowed, Packets("packets", "forwarded", "allowed_rule|established"));
        await EqualsAsync(prometheus, Denied, Packets("packets", "dropped", "default_deny"));
        await EqualsAsync(prometheus, Allowed * FrameSize, Packets("bytes", "forwarded", "allowed_rule|established"));
        await EqualsAsync(prometheus, Denied * FrameSize, Packets("bytes", "dropped", "default_deny"));
        await EqualsAsync(prometheus, 1, "persona_agent_active{persona=\"counting\"}");
        await EqualsAsync(prometheus, 1, "persona_agent_controller_connected");
        await EqualsAsync(prometheus, 1, "persona_controller_agents_connected");
        await EqualsAsync(prometheus, 0, "persona_controller_unrealised_vms");
    }

    private static string Packets(string unit, string verdict, string reasons) =>
        $"sum(persona_agent_{unit}_total{{persona=\"counting\",direction=\"egress\"," +
        $"verdict=\"{verdict}\",reason=~\"{reasons}\"}})";

    private static async Task SendAsync(Socket sender, int port, int count)
    {
        for (var packet = 0; packet < count; packet++)
        {
            await sender.SendToAsync(new byte[PayloadSize], new IPEndPoint(IPAddress.Parse(DbAddress), port));
        }
    }

    /// <summary>Scrapes are a second apart: the number may come a little later, and must then stay.</summary>
    private static async Task EqualsAsync(PrometheusServer prometheus, double expected, string query)
    {
        double? answer = null;
        await Eventually.TrueAsync(
            async () => (answer = await prometheus.QueryAsync(query)) == expected,
            Patience,
            () => $"{query} = {expected}; it is {answer}");
    }
}
