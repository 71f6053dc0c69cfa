using System.Globalization;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Units;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>
/// Reads the settings: defaults, then the file, then EBPF_PERSONAS_* of the environment, then the command line; later
/// ones win.
/// </summary>
internal static class SettingsReader
{
    private const string EnvironmentPrefix = "EBPF_PERSONAS_";
    private const int MaxNames = 64;
    private const int MaxRequests = 100_000;

    private static readonly string[] Keys =
    [
        "api_listen", "agents_listen", "store", "names", "ca_certificate", "ca_key", "certificate_lifetime",
        "requests_per_second", .. OidcSettingsReader.Keys,
    ];

    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(30);

    /// <summary>The settings, or null when <paramref name="problems"/> got sentences.</summary>
    public static ControllerSettings? Read(
        IReadOnlyList<string> arguments, Func<string, string?> environment, ICollection<string> problems)
    {
        var options = ReadArguments(arguments, problems);
        var values = new Dictionary<string, (string Value, string Origin)>(StringComparer.Ordinal);
        ReadFile(options.GetValueOrDefault("config"), values, problems);
        foreach (var key in Keys)
        {
            var variable = EnvironmentPrefix + key.ToUpperInvariant();
            if (environment(variable) is { } value)
            {
                values[key] = (value, variable);
            }

            if (options.TryGetValue(key, out var option))
            {
                values[key] = (option, $"--{key}");
            }
        }

        var settings = Apply(values, problems);
        CheckListeners(settings, problems);
        if (settings.CaCertificate is null != settings.CaKey is null)
        {
            problems.Add("ca_certificate and ca_key go together: set both, or neither.");
        }

        return problems.Count == 0 ? settings : null;
    }

    private static Dictionary<string, string> ReadArguments(
        IReadOnlyList<string> arguments, ICollection<string> problems)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var key = arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i][2..] : "";
            string? value = null;
            if (key.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                (key, value) = (key[..equals], key[(equals + 1)..]);
            }

            if (key != "config" && !Keys.Contains(key))
            {
                problems.Add(
                    $"{Printable.Quote(arguments[i])} is not an option. " +
                    $"Options are --config and --{string.Join(", --", Keys)}, each with a value.");
                return options;
            }

            if (value is null && ++i == arguments.Count)
            {
                problems.Add($"--{key} needs a value.");
                return options;
            }

            options[key] = value ?? arguments[i];
        }

        return options;
    }

    private static void ReadFile(
        string? named, Dictionary<string, (string, string)> values, ICollection<string> problems)
    {
        var path = named ?? ControllerSettings.DefaultFile;
        if (named is null && !File.Exists(path))
        {
            return;
        }

        byte[] text;
        try
        {
            text = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add($"The configuration file {path} cannot be read: {exception.Message}");
            return;
        }

        var findings = new Findings();
        var root = JsonBody.Open(text, findings, out var document);
        using (document)
        {
            if (root?.Object(Keys) is { } members)
            {
                var texts = Keys.Where(key => key is not ("names" or "requests_per_second"));
                foreach (var field in members.Present([.. texts]))
                {
                    if (field.Text(4096) is { } value)
                    {
                        values[field.Pointer[1..]] = (value, path);
                    }
                }

                if (members["requests_per_second"]?.Integer(1, MaxRequests) is { } requests)
                {
                    values["requests_per_second"] = ($"{requests}", path);
                }

                if (members["names"]?.List(MaxNames) is { } names)
                {
                    values["names"] = (string.Join(',', names.Select(name => name.Text())), path);
                }
            }
        }

        foreach (var error in findings.Errors)
        {
            problems.Add($"{path}: {(error.Pointer.Length > 0 ? error.Pointer[1..] + ": " : "")}{error.Message}");
        }
    }

    private static ControllerSettings Apply(
        Dictionary<string, (string Value, string Origin)> values, ICollection<string> problems)
    {
        var settings = new ControllerSettings();
        foreach (var (key, (value, origin)) in values)
        {
            settings = key switch
            {
                "api_listen" =>
                    settings with { ApiListen = ReadAddress(value, origin, problems) ?? settings.ApiListen },
                "agents_listen" =>
                    settings with { AgentsListen = ReadAddress(value, origin, problems) ?? settings.AgentsListen },
                "store" => settings with { Store = value },
                "requests_per_second" =>
                    settings with { RequestsPerSecond = ReadNumber(value, origin, MaxRequests, problems) },
                "names" => settings with { Names = ReadNames(value, origin, problems) },
                "ca_certificate" => settings with { CaCertificate = value },
                "ca_key" => settings with { CaKey = value },
                "certificate_lifetime" =>
                    settings with { CertificateLifetime = ReadLifetime(value, origin, problems) },
                _ => settings,
            };
        }

        return settings with { Oidc = OidcSettingsReader.Read(values, problems) };
    }

    private static ListenAddress? ReadAddress(string value, string origin, ICollection<string> problems)
    {
        if (ListenAddress.TryParse(value, out var address, out var problem))
        {
            return address;
        }

        problems.Add($"{origin}: {problem}");
        return null;
    }

    /// <summary>Names with commas between them.</summary>
    private static string[] ReadNames(string value, string origin, ICollection<string> problems)
    {
        var names = value.Split(',', StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in names.Where(name => !HostName.IsValid(name)))
        {
            problems.Add($"{origin}: {Printable.Quote(name)} in names is neither a DNS name nor an IP address.");
        }

        return names;
    }

    private static int ReadNumber(string value, string origin, int max, ICollection<string> problems)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 1 && number <= max)
        {
            return number;
        }

        problems.Add($"{origin}: {Printable.Quote(value)} is not a number from 1 to {max}.");
        return 1;
    }

    private static TimeSpan ReadLifetime(string value, string origin, ICollection<string> problems)
    {
        if (!Duration.TryParse(value, out var lifetime) || lifetime < ShortestLifetime || lifetime > LongestLifetime)
        {
            problems.Add(
                $"{origin}: certificate_lifetime {Printable.Quote(value)} is not 10s to 30d: {Duration.Forms}.");
        }

        return lifetime;
    }

    private static void CheckListeners(ControllerSettings settings, ICollection<string> problems)
    {
        if (settings.ApiListen is { IsTls: false, IsLoopback: false } api)
        {
            problems.Add(
                $"api_listen is {api}, which is plain HTTP beyond this machine: anyone on the way could read and " +
                "change policy. Listen with https, or on loopback.");
        }

        if (settings.AgentsListen is { IsTls: false } agents)
        {
            problems.Add($"agents_listen is {agents}, but agents are only known by TLS. Listen with https.");
        }
    }
}
