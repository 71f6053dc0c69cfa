using System.Globalization;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>
/// Reads the settings: defaults, then the file, then EBPF_PERSONAS_* of the environment, then the command line; later
/// ones win.
/// </summary>
internal static class SettingsReader
{
    private const int MaxRequests = 100_000;
    private const string EnvironmentPrefix = "EBPF_PERSONAS_";

    private static readonly string[] Keys = ["api_listen", "agents_listen", "store", "allow_plaintext", "requests_per_second"];

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
        CheckPlaintext("api_listen", settings.ApiListen, settings, problems);
        CheckPlaintext("agents_listen", settings.AgentsListen, settings, problems);
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
                foreach (var field in members.Present("api_listen", "agents_listen", "store"))
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

                if (members["allow_plaintext"]?.Boolean() is { } allow)
                {
                    values["allow_plaintext"] = (allow ? "true" : "false", path);
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
                _ => settings with { AllowPlaintext = ReadBoolean(value, origin, problems) },
            };
        }

        return settings;
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

    private static bool ReadBoolean(string value, string origin, ICollection<string> problems)
    {
        if (value is not ("true" or "false"))
        {
            problems.Add($"{origin}: {Printable.Quote(value)} is neither true nor false.");
        }

        return value == "true";
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

    private static void CheckPlaintext(
        string key, ListenAddress address, ControllerSettings settings, ICollection<string> problems)
    {
        if (!address.IsLoopback && !settings.AllowPlaintext)
        {
            problems.Add(
                $"{key} is {address}, which is plain HTTP beyond this machine: anyone on the way could read and " +
                $"change policy. " +
                "Listen on loopback, or set allow_plaintext to true.");
        }
    }
}
