using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Commands;

/// <summary>
/// The arguments of a command: words, its own options, and beside them the settings of the controller, which say where
/// the store is. Options are --KEY VALUE or --KEY=VALUE.
/// </summary>
internal sealed class CommandArguments
{
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);
    private readonly List<string> _words = [];

    /// <summary>What stands before and between the options.</summary>
    public IReadOnlyList<string> Words => _words;

    /// <summary>The option, or null.</summary>
    public string? this[string key] => _options.GetValueOrDefault(key);

    public ControllerSettings? Settings { get; private set; }

    /// <summary>Reads them; sentences in <paramref name="problems"/> say what is wrong.</summary>
    public static CommandArguments Read(
        IReadOnlyList<string> arguments, IReadOnlyCollection<string> own, ICollection<string> problems)
    {
        var (read, others) = (new CommandArguments(), new List<string>());
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                read._words.Add(argument);
                continue;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? argument[2..] : argument[2..equals];
            var value = equals >= 0 ? argument[(equals + 1)..] : i + 1 < arguments.Count ? arguments[++i] : null;
            if (value is null)
            {
                problems.Add($"--{key} needs a value.");
            }
            else if (own.Contains(key))
            {
                read._options[key] = value;
            }
            else
            {
                others.Add($"--{key}={value}");
            }
        }

        read.Settings = SettingsReader.Read(others, Environment.GetEnvironmentVariable, problems);
        return read;
    }

    /// <summary>A problem where there are more or fewer words than a command takes.</summary>
    public void ExpectWords(int count, string usage, ICollection<string> problems)
    {
        if (Words.Count != count)
        {
            problems.Add(
                Words.Count > count
                    ? $"{Printable.Quote(Words[count])} is too much. Usage: {usage}"
                    : $"Usage: {usage}");
        }
    }
}
