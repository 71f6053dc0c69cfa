using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Agent.Settings;

/// <summary>
/// Reads settings from the file, then the environment (EBPF_PERSONAS_KEY), then the command line (--key value); the
/// later one wins. Finds all errors at once.
/// </summary>
internal sealed class SettingsReader
{
    /// <summary>Every key, as the file and the command line write it.</summary>
    public static readonly ImmutableArray<string> Keys =
    [
        "controller", "vm_id", "enrolment_token_file", "state_directory", "metrics_listen", "metrics_certificate",
        "metrics_key", "metrics_client_ca", "attach", "cgroup", "policy_memory_mib", "rule_capacity", "failsafe",
        "pin_root", "baseline", "conntrack", "activation",
    ];

    private const string EnvironmentPrefix = "EBPF_PERSONAS_";

    private readonly Dictionary<string, SettingText> _texts = [];
    private readonly List<string> _errors = [];

    private SettingsReader()
    {
    }

    /// <summary>
    /// <paramref name="file"/> is the file's content or null; <paramref name="machineId"/> stands in for an absent
    /// vm_id. Throws <see cref="SettingsException"/>.
    /// </summary>
    public static AgentSettings Read(
        string? file,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyDictionary<string, string> commandLine,
        string? machineId)
    {
        var reader = new SettingsReader();
        if (file is not null)
        {
            reader.TakeFile(file);
        }

        foreach (var key in Keys)
        {
            var variable = EnvironmentPrefix + key.ToUpperInvariant();
            if (environment.TryGetValue(variable, out var value))
            {
                reader._texts[key] = new SettingText(value, variable);
            }

            if (commandLine.TryGetValue(key, out var argument))
            {
                reader._texts[key] = new SettingText(argument, $"--{key}");
            }
        }

        var settings = reader.Parse(machineId);
        return reader._errors.Count == 0 ? settings : throw new SettingsException(reader._errors);
    }

    private void TakeFile(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                _errors.Add("agent.json: the file holds one JSON object.");
                return;
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                TakeProperty(property.Name, property.Value);
            }
        }
        catch (JsonException malformed)
        {
            _errors.Add($"agent.json: {malformed.Message}");
        }
    }

    private void TakeProperty(string key, JsonElement value)
    {
        var wanted = key switch
        {
            "policy_memory_mib" or "rule_capacity" => value.ValueKind == JsonValueKind.Number ? null : "a number",
            "failsafe" => value.ValueKind == JsonValueKind.Array ? null : "a list",
            "conntrack" => value.ValueKind == JsonValueKind.Object ? null : "an object",
            _ when Keys.Contains(key) => value.ValueKind == JsonValueKind.String ? null : "a string",
            _ => $"not a setting; settings are {string.Join(", ", Keys)}",
        };
        if (wanted is not null)
        {
            _errors.Add(Keys.Contains(key)
                ? $"{key} (agent.json): must be {wanted}."
                : $"{key} (agent.json): {wanted}.");
            return;
        }

        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            _ => value.GetRawText(),
        };
        _texts[key] = new SettingText(text, "agent.json");
    }

    private AgentSettings Parse(string? machineId)
    {
        var vmId = Parse("vm_id", machineId ?? string.Empty, ParseVmId)!;
        var metricsListen = Parse("metrics_listen", "127.0.0.1:9435", ParseEndPoint);
        return new AgentSettings
        {
            Controller = Parse("controller", "https://127.0.0.1:7071", ControllerAddress.Parse)!,
            VmId = vmId,
            StateDirectory = Parse("state_directory", "/var/lib/ebpf-personas/agent", ParseStateDirectory)!,
            EnrolmentTokenFile = ParseFile("enrolment_token_file"),
            MetricsListen = metricsListen!,
            MetricsTls = ParseMetricsTls(metricsListen),
            Attach = Parse("attach", "auto", text => text switch
            {
                "auto" => AttachMode.Auto,
                "tcx" => AttachMode.Tcx,
                "clsact" => AttachMode.Clsact,
                _ => throw new FormatException("is auto, tcx or clsact"),
            }),
            Cgroup = Parse("cgroup", "auto", text => text is "auto" or "none" || Path.IsPathFullyQualified(text)
                ? text
                : throw new FormatException("is auto, none or an absolute path"))!,
            InKernelActivation = Parse("activation", "kernel", text => text switch
            {
                "kernel" => true,
                "controller" => false,
                _ => throw new FormatException("is kernel or controller"),
            }),
            PolicyMemoryMib = Parse("policy_memory_mib", "16", text => ParseNumber(text, 1, 1024)),
            RuleCapacity = Parse("rule_capacity", "65536", text => ParseNumber(text, 1024, 1 << 20)),
            Failsafe = Parse("failsafe", "[]", FailsafeSetting.Parse),
            PinDirectory = Parse("pin_root", "/sys/fs/bpf/ebpf-personas", text =>
                text == "none"
                    ? null
                    : PinFolder.Usable(Path.Join(ParsePath(text, "is an absolute path, or none"), vmId))),
            Baseline = Parse("baseline", "none", text =>
                text == "none" ? null : ParsePath(text, "is the absolute path of a persona document, or none")),
            Conntrack = Parse("conntrack", "{}", ConntrackSetting.Parse) ?? new ConntrackOptions(),
        };
    }

    private string? ParseFile(string key) => Parse(
        key, "none", text => text == "none" ? null : ParsePath(text, "is the absolute path of a file, or none"));

    /// <summary>All three files or none; beyond loopback, all.</summary>
    private MetricsTlsFiles? ParseMetricsTls(IPEndPoint? listen)
    {
        string[] keys = ["metrics_certificate", "metrics_key", "metrics_client_ca"];
        var before = _errors.Count;
        var files = keys.Select(ParseFile).ToArray();
        if (_errors.Count > before)
        {
            return null;
        }

        if (files is [{ } certificate, { } key, { } clientCa])
        {
            return new MetricsTlsFiles(certificate, key, clientCa);
        }

        var isOpen = listen is not null && !IPAddress.IsLoopback(listen.Address);
        if (isOpen || files.Any(file => file is not null))
        {
            _errors.AddRange(keys.Zip(files).Where(pair => pair.Second is null).Select(pair => isOpen
                ? $"{pair.First}: is not set, and metrics_listen is beyond loopback, where metrics are served over TLS."
                : $"{pair.First}: is not set; it goes with {string.Join(" and ", keys.Where(k => k != pair.First))}."));
        }

        return null;
    }

    private T? Parse<T>(string key, string otherwise, Func<string, T> parse)
    {
        var written = _texts.GetValueOrDefault(key, new SettingText(otherwise, "default"));
        try
        {
            return parse(written.Text);
        }
        catch (FormatException wrong)
        {
            _errors.Add($"{key} ({written.Origin}): {wrong.Message}.");
            return default;
        }
    }

    private static int ParseNumber(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && least <= number && number <= most
            ? number
            : throw new FormatException(
                string.Create(CultureInfo.InvariantCulture, $"is a whole number from {least} to {most}"));

    private static string ParseVmId(string text) =>
        SpiffeId.IsVmId(text)
            ? text
            : throw new FormatException(text.Length == 0
                ? "is not set, and /etc/machine-id cannot stand in for it"
                : $"has {SpiffeId.VmIdForm}");

    private static string ParsePath(string text, string otherwise) =>
        Path.IsPathFullyQualified(text) ? text : throw new FormatException(otherwise);

    private static string ParseStateDirectory(string text) =>
        Encoding.UTF8.GetByteCount(ParsePath(text, "is an absolute path")) <= ControlSocket.DirectoryMax
            ? text
            : throw new FormatException(
                $"is longer than {ControlSocket.DirectoryMax} octets: the kernel would take no socket in it");

    private static IPEndPoint ParseEndPoint(string text) =>
        // Without a port the class takes 0; an IPv6 address would be cut at its last colon.
        IPEndPoint.TryParse(text, out var endPoint)
            && endPoint.Port != 0
            && (text.StartsWith('[') || text.Count(c => c == ':') == 1)
            ? endPoint
            : throw new FormatException("is an address and a port, such as 127.0.0.1:9435 or [::1]:9435");
}
