using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Commands;

/// <summary>
/// The arguments of a command: words, its own options, and beside them the settings of the controller, which say where
/// the store is. Options are --KEY VALUE or --KEY=VALUE; --force has no value.
/// </summary>
internal sealed class CommandArguments
{
    /// <summary>The option that stands alone.</summary>
    public const string Force = "force";

    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);
    private readonly List<string> _words = [];
    private readonly List<string> _problems = [];
    private readonly ControllerSettings? _settings;

    private CommandArguments(IReadOnlyList<string> arguments, IReadOnlyCollection<string> own)
    {
        var others = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                _words.Add(argument);
                continue;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? argument[2..] : argument[2..equals];
            var isOwn = own.Contains(key);
            var value = equals >= 0 ? argument[(equals + 1)..]
                : isOwn && key == Force ? ""
                : i + 1 < arguments.Count ? arguments[++i]
                : null;
            if (value is null)
            {
                _problems.Add($"--{Printable.Clean(key)} needs a value.");
            }
            else if (isOwn)
            {
                _options[key] = value;
            }
            else
            {
                others.Add($"--{key}={value}");
            }
        }

        _settings = SettingsReader.Read(others, Environment.GetEnvironmentVariable, _problems);
    }

    /// <summary>What stands before and between the options.</summary>
    public IReadOnlyList<string> Words => _words;

    /// <summary>Null where something is wrong.</summary>
    public ControllerSettings? Settings => _problems.Count == 0 ? _settings : null;

    /// <summary>The option, or null.</summary>
    public string? this[string key] => _options.GetValueOrDefault(key);

    /// <summary>Reads them, which must be so many words, besides options.</summary>
    public static CommandArguments Read(
        IReadOnlyList<string> arguments, IReadOnlyCollection<string> own, string usage, int words = 1)
    {
        var read = new CommandArguments(arguments, own);
        if (read.Words.Count != words)
        {
            read.Problem(
                read.Words.Count > words
                    ? $"{Printable.Quote(read.Words[words])} is too much. Usage: {ControllerCommand.Program} {usage}"
                    : $"Usage: {ControllerCommand.Program} {usage}");
        }

        return read;
    }

    /// <summary>Something else is wrong.</summary>
    public void Problem(string sentence) => _problems.Add(sentence);

    /// <summary>Writes what is wrong, one thing a line; gives the exit code.</summary>
    public async Task<int> RefuseAsync(TextWriter errors)
    {
        foreach (var problem in _problems)
        {
            await errors.WriteLineAsync($"{ControllerCommand.Program}: {problem}");
        }

        return 1;
    }
}
