using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Agent.Metrics;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.TestKit.Prometheus;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Metrics;

public sealed class MetricsEndpointTests : IAsyncLifetime
{
    private const string LastHit = "persona_agent_rule_last_hit_timestamp_seconds";

    private static readonly VerdictKey Dropped = new("p", PacketDirection.Ingress, Verdict.Dropped, Reason.DefaultDeny);

    private readonly Dictionary<VerdictKey, PacketCount> _verdicts = new() { [Dropped] = new(3, 300) };
    private readonly IPEndPoint _listen = FreePort();
    private readonly AgentMetrics _metrics;
    private readonly MetricsEndpoint _endpoint;
    private bool _connected = true;
    private DateTimeOffset? _contact;
    private DateTimeOffset? _certificateExpiry;
    private RealisedState _realised = new(1, 1, "p", 4);
    private ulong _lastHit = (ulong)TimeProvider.System.GetTimestamp();

    public MetricsEndpointTests()
    {
        _metrics = new AgentMetrics(
            new AgentReadings
            {
                Counters = Counters,
                Realised = () => _realised,
                EarlyDenials = () => [("connect", 4), ("sendmsg", 0)],
                EventsLost = () => [("process", 9)],
                Connected = () => _connected,
                Contact = () => _contact,
                CertificateExpiry = () => _certificateExpiry,
                Interfaces = () => new InterfaceTotals(new LinkPackets(11, 12), 13),
                Rollbacks = () => [("timeout", 3)],
                Fallbacks = () => [("damaged", 2)],
            },
            TimeProvider.System);
        var settings = new AgentSettings
        {
            InKernelActivation = true,
            Controller = new Uri("https://127.0.0.1:7071"),
            VmId = "vm",
            StateDirectory = "/nonexistent",
            MetricsListen = _listen,
            Attach = AttachMode.Auto,
            Cgroup = "none",
            PolicyMemoryMib = 16,
            RuleCapacity = 65536,
            Failsafe = [],
        };
        _endpoint = new MetricsEndpoint(settings, _metrics, TimeProvider.System, NullLogger<MetricsEndpoint>.Instance);
    }

    public Task InitializeAsync() => _endpoint.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await _endpoint.StopAsync(CancellationToken.None);
        _endpoint.Dispose();
    }

    [Fact]
    public async Task The_age_of_the_last_contact_grows_only_without_a_stream()
    {
        const string Age = "persona_agent_controller_contact_age_seconds";
        Assert.Equal(0, (await ScrapeAsync()).Sum(Age));

        _connected = false;
        _contact = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(5);
        Assert.InRange((await ScrapeAsync()).Sum(Age), 299, 330);
    }

    [Fact]
    public async Task The_certificate_expires_at_a_unix_time_or_there_is_none()
    {
        const string Expiry = "persona_agent_certificate_expiry_timestamp_seconds";
        Assert.Equal(0, Value(await ScrapeAsync(), Expiry));

        _certificateExpiry = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        Assert.Equal(1_800_000_000, Value(await ScrapeAsync(), Expiry));
    }

    [Fact]
    public async Task What_could_not_be_used_of_the_disk_is_counted_by_reason() =>
        Assert.Equal(2, (await ScrapeAsync()).Sum("persona_agent_state_fallbacks_total"));

    [Fact]
    public async Task Counters_are_read_when_somebody_asks()
    {
        await ScrapeAsync();
        _verdicts[Dropped] = new PacketCount(5, 500);
        var samples = await ScrapeAsync();

        Assert.Equal(5, Value(
            samples, "persona_agent_packets_total",
            ("direction", "ingress"), ("persona", "p"), ("reason", "default_deny"), ("verdict", "dropped")));
        Assert.Equal(500, Value(samples, "persona_agent_bytes_total", ("reason", "default_deny")));
        Assert.Equal(2, Value(samples, "persona_agent_rule_hits_total", ("persona", "p"), ("rule", "r")));
        Assert.Equal(200, Value(samples, "persona_agent_rule_bytes_total", ("persona", "p"), ("rule", "r")));
        Assert.Equal(6, Value(
            samples, "persona_agent_shadow_packets_total",
            ("direction", "egress"), ("persona", "trial"), ("shadow_verdict", "dropped"), ("verdict", "forwarded")));
        Assert.Equal(7, Value(samples, "persona_agent_conntrack_entries"));
        Assert.Equal(0.25, Value(samples, "persona_agent_map_utilization_ratio", ("map", "flows")));
        Assert.Equal(4, Value(samples, "persona_agent_early_denials_total", ("hook", "connect")));
        Assert.Equal(0, Value(samples, "persona_agent_early_denials_total", ("hook", "sendmsg")));
        Assert.Equal(9, Value(samples, "persona_agent_events_lost_total", ("source", "process")));
        Assert.Equal(1, Value(samples, "persona_agent_controller_connected"));
        Assert.Equal(11, Value(samples, "persona_agent_unfiltered_packets_total", ("direction", "ingress")));
        Assert.Equal(12, Value(samples, "persona_agent_unfiltered_packets_total", ("direction", "egress")));
        Assert.Equal(13, Value(samples, "persona_agent_filter_repairs_total"));
    }

    [Fact]
    public async Task The_last_hit_of_a_rule_is_unix_time_and_stays_until_the_next_one()
    {
        var first = Value(await ScrapeAsync(), LastHit, ("persona", "p"), ("rule", "r"));
        Assert.InRange(first, Now() - 10, Now());
        await Task.Delay(20);
        Assert.Equal(first, Value(await ScrapeAsync(), LastHit));

        _lastHit = (ulong)TimeProvider.System.GetTimestamp() - (60ul * 1_000_000_000);
        Assert.InRange(Value(await ScrapeAsync(), LastHit), Now() - 61, Now() - 59);

        static double Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
    }

    [Fact]
    public async Task Only_the_persona_in_force_is_active()
    {
        Assert.Equal(1, Value(await ScrapeAsync(), "persona_agent_active", ("persona", "p"), ("revision", "4")));
        _realised = new RealisedState(2, 2, "q", 1);
        Assert.Equal("q", Assert.Single(await ScrapeAsync(), s => s.Name == "persona_agent_active").Labels["persona"]);
        _realised = new RealisedState(3, 3, null, 0);
        Assert.DoesNotContain(await ScrapeAsync(), s => s.Name == "persona_agent_active");
    }

    [Fact]
    public async Task Reports_are_timed_those_apart_that_somebody_waits_for()
    {
        const string Seconds = "persona_agent_report_seconds";
        Assert.Equal(0, Value(await ScrapeAsync(), $"{Seconds}_count", ("urgency", "urgent")));

        _metrics.Reported(TimeSpan.FromMilliseconds(0.7), isUrgent: true);
        _metrics.Reported(TimeSpan.FromMilliseconds(12), isUrgent: false);
        _metrics.Reported(TimeSpan.FromMilliseconds(13), isUrgent: false);
        var samples = await ScrapeAsync();

        Assert.Equal(0, Value(samples, $"{Seconds}_bucket", ("urgency", "urgent"), ("le", "0.0005")));
        Assert.Equal(1, Value(samples, $"{Seconds}_bucket", ("urgency", "urgent"), ("le", "0.001")));
        Assert.Equal(2, Value(samples, $"{Seconds}_count", ("urgency", "batched")));
        Assert.Equal(0.025, Value(samples, $"{Seconds}_sum", ("urgency", "batched")), 6);
    }

    [Fact]
    public async Task Switches_are_counted_and_timed()
    {
        _metrics.Switched("controller", TimeSpan.FromMilliseconds(3));
        var samples = await ScrapeAsync();

        Assert.Equal(1, Value(samples, "persona_agent_switches_total", ("cause", "controller")));
        Assert.Equal(0.003, Value(samples, "persona_agent_swap_seconds_sum"), 5);
    }

    [Theory]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: vm.example:9435\r\n\r\n", "200")]
    [InlineData("GET /metrics?x=1 HTTP/1.0\r\n\r\n", "200")]
    [InlineData("GET /secret HTTP/1.1\r\n\r\n", "404")]
    [InlineData("POST /metrics HTTP/1.1\r\n\r\n", "405")]
    [InlineData("nonsense\r\n\r\n", "400")]
    public async Task Answers_whatever_the_host_field_says_and_only_what_it_serves(string request, string status)
    {
        Assert.StartsWith(
            $"HTTP/1.1 {status} ",
            await AskAsync(Encoding.ASCII.GetBytes(request)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_without_end_is_refused_and_idle_clients_do_not_starve_a_scrape()
    {
        Assert.StartsWith(
            "HTTP/1.1 400 ",
            await AskAsync(Encoding.ASCII.GetBytes(new string('a', 8192))),
            StringComparison.Ordinal);
        var idle = Enumerable.Range(0, 8).Select(_ => new TcpClient()).ToArray();
        foreach (var client in idle)
        {
            await client.ConnectAsync(_listen);
        }

        Assert.NotEmpty(await ScrapeAsync());
        Array.ForEach(idle, client => client.Dispose());
    }

    private async Task<IReadOnlyList<Sample>> ScrapeAsync()
    {
        using var client = new HttpClient();
        return PrometheusText.Read(await client.GetStringAsync(new Uri($"http://{_listen}/metrics")));
    }

    private async Task<string> AskAsync(byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_listen);
        await client.GetStream().WriteAsync(request);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }

    private static double Value(
        IReadOnlyList<Sample> samples, string name, params (string Name, string Value)[] labels) => Assert.Single(
        samples, sample => sample.Name == name && labels.All(label => sample.Labels[label.Name] == label.Value)).Value;

    private DataplaneCounters Counters() => new()
    {
        Verdicts = new Dictionary<VerdictKey, PacketCount>(_verdicts),
        Rules = new Dictionary<RuleKey, RuleCount> { [new RuleKey("p", "r")] = new(2, 200, _lastHit) },
        Shadows = new Dictionary<ShadowKey, ulong>
        {
            [new ShadowKey("trial", PacketDirection.Egress, Passes: true, WouldPass: false)] = 6,
        },
        ConntrackEntries = 7,
        MapUtilization = new Dictionary<string, double> { ["flows"] = 0.25 },
    };

    private static IPEndPoint FreePort()
    {
        using var socket = new Socket(
            System.Net.Sockets.AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
