using System.Net;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Hosting;

public sealed class SettingsTests
{
    private static readonly Dictionary<string, string> Nothing = [];

    [Fact]
    public void Without_any_setting_the_defaults_hold()
    {
        var settings = SettingsReader.Read(null, Nothing, Nothing, "0123456789abcdef");

        Assert.Equal(new Uri("https://127.0.0.1:7071"), settings.Controller);
        Assert.Equal("0123456789abcdef", settings.VmId);
        Assert.Equal("/var/lib/ebpf-personas/agent", settings.StateDirectory);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:9435"), settings.MetricsListen);
        Assert.Equal(AttachMode.Auto, settings.Attach);
        Assert.Equal("auto", settings.Cgroup);
        Assert.Equal(PersonaCompiler.DefaultLinesMax, settings.PolicyMemoryMib * DataplaneOptions.LinesPerMib);
        Assert.Equal(new DataplaneOptions().RuleCapacity, settings.RuleCapacity);
        Assert.Null(settings.EnrolmentTokenFile);
        Assert.Null(settings.MetricsTls);
        Assert.Empty(settings.Failsafe);
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        var environment = new Dictionary<string, string>
        {
            ["EBPF_PERSONAS_ATTACH"] = "tcx",
            ["EBPF_PERSONAS_VM_ID"] = "environment",
            ["EBPF_PERSONAS_STORE"] = "of the controller, not ours",
        };
        var commandLine = new Dictionary<string, string> { ["vm_id"] = "line" };
        var settings = SettingsReader.Read(
            """{"vm_id": "file", "attach": "clsact", "state_directory": "/state"}""", environment, commandLine, null);

        Assert.Equal(("line", AttachMode.Tcx, "/state"), (settings.VmId, settings.Attach, settings.StateDirectory));
    }

    [Fact]
    public void All_errors_come_at_once_with_key_and_origin()
    {
        const string File =
            """{"vm_id": "a b", "attach": 5, "state_directory": "relative", "cgroup": "relative",""" +
            """ "metrics_listen": "127.0.0.1", "typo": 1, """ +
            """ "enrolment_token_file": "relative", "allow_plaintext": true}""";
        var wrong = Assert.Throws<SettingsException>(() => SettingsReader.Read(
            File, new Dictionary<string, string> { ["EBPF_PERSONAS_CONTROLLER"] = "ftp://x" }, Nothing, null));

        Assert.Equal(
            [
                "allow_plaintext (agent.json)", "attach (agent.json)", "cgroup (agent.json)",
                "controller (EBPF_PERSONAS_CONTROLLER)", "enrolment_token_file (agent.json)",
                "metrics_listen (agent.json)",
                "state_directory (agent.json)", "typo (agent.json)", "vm_id (agent.json)",
            ],
            wrong.Errors.Select(error => error.Split(':')[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"vm_id": "a", "vm_id": "b"}""")]
    [InlineData("")]
    public void A_file_that_is_no_object_of_distinct_keys_is_refused(string file)
    {
        var wrong = Assert.Throws<SettingsException>(() => SettingsReader.Read(file, Nothing, Nothing, "id"));

        Assert.StartsWith("agent.json: ", Assert.Single(wrong.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://127.0.0.1:7071", true)]
    [InlineData("https://[::1]:7071", true)]
    [InlineData("https://controller.example", true)]
    [InlineData("http://127.0.0.1:7071", false)]
    [InlineData("http://controller.example:7071", false)]
    [InlineData("https://controller.example/agents", false)]
    [InlineData("https://user@controller.example", false)]
    public void The_controller_is_spoken_to_over_tls_alone(string controller, bool isGood)
    {
        if (isGood)
        {
            Assert.Equal(new Uri(controller), With("controller", controller).Controller);
        }
        else
        {
            var wrong = Assert.Throws<SettingsException>(() => With("controller", controller));
            Assert.Equal(
                "controller (--controller): is https:// with a host and a port, and nothing behind it.",
                Assert.Single(wrong.Errors));
        }
    }

    [Fact]
    public void Metrics_beyond_loopback_need_all_that_tls_needs()
    {
        var wrong = Assert.Throws<SettingsException>(() => With("metrics_listen", "10.0.0.5:9435"));
        Assert.Equal(
            ["metrics_certificate", "metrics_key", "metrics_client_ca"],
            wrong.Errors.Select(error => error.Split(':')[0]));
        Assert.All(wrong.Errors, error => Assert.Contains("metrics_listen", error, StringComparison.Ordinal));

        var part = Assert.Throws<SettingsException>(() => With("metrics_key", "/etc/key.pem"));
        Assert.Equal(
            [
                "metrics_certificate: is not set; it goes with metrics_key and metrics_client_ca.",
                "metrics_client_ca: is not set; it goes with metrics_certificate and metrics_key.",
            ],
            part.Errors);

        var settings = SettingsReader.Read(
            """
            {"metrics_listen": "10.0.0.5:9435", "metrics_certificate": "/m/server.pem", "metrics_key": "/m/server.key",
             "metrics_client_ca": "/m/ca.pem", "enrolment_token_file": "/etc/token"}
            """,
            Nothing, Nothing, "id");
        Assert.Equal(new MetricsTlsFiles("/m/server.pem", "/m/server.key", "/m/ca.pem"), settings.MetricsTls);
        Assert.Equal("/etc/token", settings.EnrolmentTokenFile);
    }

    [Theory]
    [InlineData("policy_memory_mib", "1", "1024", 1, 1024)]
    [InlineData("rule_capacity", "1024", "1048576", 1024, 1048576)]
    public void Room_can_be_set_within_its_range(string key, string least, string most, int low, int high)
    {
        Assert.Equal(low, Number(SettingsReader.Read($$"""{"{{key}}": {{least}}}""", Nothing, Nothing, "id")));
        Assert.Equal(
            high,
            Number(SettingsReader.Read(null, Nothing, new Dictionary<string, string> { [key] = most }, "id")));

        int Number(AgentSettings settings) =>
            key == "rule_capacity" ? settings.RuleCapacity : settings.PolicyMemoryMib;
    }

    [Theory]
    [InlineData("policy_memory_mib", "0", "is a whole number from 1 to 1024.")]
    [InlineData("policy_memory_mib", "1025", "is a whole number from 1 to 1024.")]
    [InlineData("policy_memory_mib", "1.5", "is a whole number from 1 to 1024.")]
    [InlineData("policy_memory_mib", "1e1", "is a whole number from 1 to 1024.")]
    [InlineData("policy_memory_mib", "\"16\"", "must be a number.")]
    [InlineData("rule_capacity", "1023", "is a whole number from 1024 to 1048576.")]
    [InlineData("rule_capacity", "-65536", "is a whole number from 1024 to 1048576.")]
    [InlineData("rule_capacity", "99999999999", "is a whole number from 1024 to 1048576.")]
    [InlineData("rule_capacity", "null", "must be a number.")]
    public void Room_out_of_its_range_is_refused_by_key(string key, string value, string what)
    {
        var wrong = Assert.Throws<SettingsException>(() =>
            SettingsReader.Read($$"""{"{{key}}": {{value}}}""", Nothing, Nothing, "id"));

        Assert.Equal($"{key} (agent.json): {what}", Assert.Single(wrong.Errors));
    }

    [Fact]
    public void Failsafe_entries_become_flows()
    {
        var settings = Failsafe(
            """
            [{"direction": "ingress", "protocol": "tcp", "port": 22, "peer": "10.9.0.0/16"},
             {"direction": "egress", "protocol": "udp", "port": "8000-8100", "peer": "2001:db8::1"},
             {"direction": "ingress", "protocol": "icmp", "peer": "any"}]
            """);

        Assert.Equal(
            [
                new FailsafeFlow(Direction.Ingress, 6, new Prefix(IpAddress.Parse("10.9.0.0"), 16),
                    new PortRange(22, 22)),
                new FailsafeFlow(Direction.Egress, 17, new Prefix(IpAddress.Parse("2001:db8::1"), 128),
                    new PortRange(8000, 8100)),
                new FailsafeFlow(Direction.Ingress, 1, new Prefix(IpAddress.Parse("0.0.0.0"), 0), PortRange.All),
                new FailsafeFlow(Direction.Ingress, 1, new Prefix(IpAddress.Parse("::"), 0), PortRange.All),
            ],
            settings.Failsafe.AsEnumerable());
    }

    [Theory]
    [InlineData("""[{"direction": "in", "protocol": "tcp", "peer": "any"}]""", "/0/direction")]
    [InlineData("""[{"protocol": "tcp", "peer": "any"}]""", "/0/direction")]
    [InlineData("""[{"direction": "ingress", "protocol": "TCP", "peer": "any"}]""", "/0/protocol")]
    [InlineData("""[{"direction": "ingress", "protocol": 256, "peer": "any"}]""", "/0/protocol")]
    [InlineData("""[{"direction": "ingress", "protocol": "tcp", "port": 65536, "peer": "any"}]""", "/0/port")]
    [InlineData("""[{"direction": "ingress", "protocol": "tcp", "port": "9-8", "peer": "any"}]""", "/0/port")]
    [InlineData("""[{"direction": "ingress", "protocol": "icmp", "port": 8, "peer": "any"}]""", "/0/port")]
    [InlineData("""[{"direction": "ingress", "protocol": "tcp", "port": 22}]""", "/0/peer")]
    [InlineData("""[{"direction": "ingress", "protocol": "tcp", "peer": "10.0.0.0/33"}]""", "/0/peer")]
    [InlineData("""[{"direction": "ingress", "protocol": "tcp", "peer": "any"}, null]""", "/1")]
    [InlineData("""[{"direction": "ingress", "protocol": "tcp", "peer": "any", "action": "deny"}]""", "/0/action")]
    [InlineData("""{"direction": "ingress"}""", "JSON list")]
    [InlineData("ssh", "")]
    public void A_wrong_failsafe_entry_is_named(string text, string named)
    {
        var wrong = Assert.Throws<SettingsException>(() =>
            SettingsReader.Read(null, Nothing, new Dictionary<string, string> { ["failsafe"] = text }, "id"));

        Assert.Contains(named, Assert.Single(wrong.Errors), StringComparison.Ordinal);
        Assert.StartsWith("failsafe (--failsafe): ", wrong.Errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_failsafe_list_fits_into_the_kernel_with_what_the_agent_adds()
    {
        const string Entry = """{"direction": "ingress", "protocol": "tcp", "port": 22, "peer": "10.9.0.0/16"}""";

        Assert.Equal(40, Failsafe($"[{string.Join(',', Enumerable.Repeat(Entry, 40))}]").Failsafe.Length);
        Assert.Throws<SettingsException>(() => Failsafe($"[{string.Join(',', Enumerable.Repeat(Entry, 41))}]"));
        Assert.True(
            40 + EbpfPersonas.Agent.Link.ControllerFailsafe.AddressesMax + (2 * 6)
            <= FailsafeTables.EntriesMax);
    }

    [Fact]
    public void What_is_pinned_lies_in_a_folder_of_the_vm()
    {
        Assert.Equal("/sys/fs/bpf/ebpf-personas/id", SettingsReader.Read(null, Nothing, Nothing, "id").PinDirectory);
        Assert.Equal("/run/bpf/id", With("pin_root", "/run/bpf").PinDirectory);
        Assert.Equal(
            "/sys/fs/bpf/ebpf-personas/web-1%2Eexample",
            SettingsReader.Read(null, Nothing, Nothing, "web-1.example").PinDirectory);
        Assert.Null(With("pin_root", "none").PinDirectory);
        Assert.Null(With("baseline", "none").Baseline);
        Assert.Equal("/etc/base.json", With("baseline", "/etc/base.json").Baseline);
    }

    [Theory]
    [InlineData("pin_root", "bpf", "pin_root (--pin_root): is an absolute path, or none.")]
    [InlineData("baseline", "x", "baseline (--baseline): is the absolute path of a persona document, or none.")]
    [InlineData("conntrack", "7", "conntrack (--conntrack): is a JSON object.")]
    [InlineData("conntrack", "{\"flow\": 7}", "conntrack (--conntrack): /flow is not known")]
    [InlineData("conntrack", "{\"flows\": 1023}", "/flows is a whole number from 1024 to 4194304.")]
    [InlineData("conntrack", "{\"flows\": 4194305}", "/flows is a whole number from 1024 to 4194304.")]
    [InlineData("conntrack", "{\"new_flows\": \"2048\"}", "/new_flows is a whole number from 1024 to 4194304.")]
    [InlineData("conntrack", "{\"udp\": \"0s\"}", "/udp is a time of whole seconds from \"1s\" to \"30d\".")]
    [InlineData("conntrack", "{\"udp\": 120}", "/udp is a time of whole seconds")]
    [InlineData("conntrack", "{\"udp\": \"1500ms\"}", "/udp is a time of whole seconds")]
    [InlineData("conntrack", "{\"other\": \"30d1s\"}", "/other is a time of whole seconds")]
    [InlineData("conntrack", "{\"udp\": \"1s\", \"udp\": \"2s\"}", "conntrack (--conntrack): ")]
    public void A_wrong_setting_of_these_is_named(string key, string text, string what)
    {
        var wrong = Assert.Throws<SettingsException>(() => With(key, text));

        Assert.Contains(what, Assert.Single(wrong.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_directory_leaves_room_for_the_name_of_its_socket()
    {
        Assert.Equal(99, With("state_directory", "/" + new string('x', 98)).StateDirectory.Length);
        Assert.Throws<SettingsException>(() => With("state_directory", "/" + new string('x', 99)));
    }

    [Fact]
    public void Conntrack_has_defaults_for_what_is_not_said()
    {
        Assert.Equal(new ConntrackOptions(), With("conntrack", "{}").Conntrack);
        var set = SettingsReader.Read(
            """
            {"conntrack": {"flows": 1024, "new_flows": 4194304, "tcp_opening": "1s", "tcp_established": "30d",
             "tcp_closing": "2m", "tcp_closed": "3s", "unanswered": "4s", "udp": "5s", "icmp": "6s", "other": "1h"}}
            """,
            Nothing,
            Nothing,
            "id");
        Assert.Equal(
            new ConntrackOptions
            {
                Flows = 1024,
                NewFlows = 4_194_304,
                TcpOpening = 1,
                TcpEstablished = 2_592_000,
                TcpClosing = 120,
                TcpClosed = 3,
                Unanswered = 4,
                Udp = 5,
                Icmp = 6,
                Other = 3600,
            },
            set.Conntrack);
    }

    private static AgentSettings With(string key, string text) =>
        SettingsReader.Read(null, Nothing, new Dictionary<string, string> { [key] = text }, "id");

    private static AgentSettings Failsafe(string list) =>
        SettingsReader.Read($$"""{"failsafe": {{list}}}""", Nothing, Nothing, "id");
}
