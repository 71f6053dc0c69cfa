using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Agent.Metrics;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.TestKit.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Metrics;

public sealed class MetricsTlsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpf-personas-metrics-").FullName;
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _other = new();
    private readonly IPEndPoint _listen = FreePort();
    private readonly AgentMetrics _metrics = new(
        new AgentReadings
        {
            Counters = () => new DataplaneCounters
            {
                Verdicts = new Dictionary<VerdictKey, PacketCount>(),
                Rules = new Dictionary<RuleKey, RuleCount>(),
                Shadows = new Dictionary<ShadowKey, ulong>(),
                ConntrackEntries = 7,
                MapUtilization = new Dictionary<string, double>(),
            },
            Realised = () => new RealisedState(1, 1, "p", 4),
            EarlyDenials = () => [],
            EventsLost = () => [],
            Connected = () => true,
            Contact = () => null,
            CertificateExpiry = () => null,
            Interfaces = () => new InterfaceTotals(default, 0),
            Rollbacks = () => [],
            Fallbacks = () => [],
        },
        TimeProvider.System);

    private MetricsEndpoint _endpoint = null!;

    public Task InitializeAsync()
    {
        _authority.WriteServerFiles(_folder, "127.0.0.1");
        _endpoint = new MetricsEndpoint(
            new AgentSettings
            {
                InKernelActivation = true,
                Controller = new Uri("https://127.0.0.1:7071"),
                VmId = "vm",
                StateDirectory = "/nonexistent",
                MetricsListen = _listen,
                MetricsTls = new MetricsTlsFiles(FileOf("server.pem"), FileOf("server.key"), FileOf("ca.pem")),
                Attach = AttachMode.Auto,
                Cgroup = "none",
                PolicyMemoryMib = 16,
                RuleCapacity = 65536,
                Failsafe = [],
            },
            _metrics, TimeProvider.System, NullLogger<MetricsEndpoint>.Instance);
        return _endpoint.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _endpoint.StopAsync(CancellationToken.None);
        _endpoint.Dispose();
        _metrics.Dispose();
        _authority.Dispose();
        _other.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_client_with_a_certificate_is_served(SslProtocols protocol)
    {
        using var client = _authority.Issue(Scraper);

        Assert.Contains("persona_agent_conntrack_entries 7", await ScrapeAsync(client, protocol));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("another authority")]
    [InlineData("a server's")]
    [InlineData("expired")]
    [InlineData("plain HTTP")]
    public async Task A_client_without_one_that_counts_is_refused(string kind)
    {
        if (kind == "plain HTTP")
        {
            using var http = new HttpClient();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetStringAsync($"http://{_listen}/metrics"));
            return;
        }

        using var client = kind switch
        {
            "none" => null,
            "another authority" => _other.Issue(Scraper),
            "a server's" => _authority.Issue(Scraper with { Usage = CertificateOrder.ForServers }),
            _ => _authority.Issue(
                Scraper with { NotAfter = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1) }),
        };
        foreach (var protocol in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => ScrapeAsync(client, protocol));
        }
    }

    [Fact]
    public async Task Files_that_are_replaced_are_used_and_those_that_cannot_be_are_not()
    {
        using var client = _authority.Issue(Scraper);
        using var next = _other.Issue(Scraper);
        await ScrapeAsync(client, SslProtocols.Tls13);
        await File.WriteAllTextAsync(FileOf("ca.pem"), "rubbish");
        await ScrapeAsync(client, SslProtocols.Tls13);

        await File.WriteAllTextAsync(FileOf("ca.pem"), _other.Certificate.ExportCertificatePem());
        await ScrapeAsync(next, SslProtocols.Tls13);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => ScrapeAsync(client, SslProtocols.Tls13));
    }

    [Fact]
    public void Files_that_cannot_be_used_at_the_start_are_named_with_their_setting()
    {
        File.WriteAllText(FileOf("ca.pem"), "rubbish");
        var files = new MetricsTlsFiles(FileOf("server.pem"), FileOf("server.key"), FileOf("ca.pem"));

        var wrong = Assert.Throws<IOException>(() => new MetricsTls(files, TimeProvider.System, NullLogger.Instance));
        Assert.Equal($"metrics_client_ca: {FileOf("ca.pem")} has no certificate.", wrong.Message);
    }

    private static CertificateOrder Scraper => new() { Usage = CertificateOrder.ForClients, UriNames = [] };

    private string FileOf(string name) => Path.Join(_folder, name);

    private async Task<string> ScrapeAsync(X509Certificate2? client, SslProtocols protocol)
    {
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = protocol,
                ClientCertificateContext =
                    client is null ? null : SslStreamCertificateContext.Create(client, null, offline: true),
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { _authority.Certificate },
                },
            },
        };
        using var http = new HttpClient(handler);
        return await http.GetStringAsync($"https://{_listen}/metrics");
    }

    private static IPEndPoint FreePort()
    {
        using var socket = new Socket(
            System.Net.Sockets.AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
