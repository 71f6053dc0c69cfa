namespace EbpfPersonas.Agent.Settings;

/// <summary>What the command line asks for.</summary>
internal sealed record CommandLine
{
    /// <summary>Where the settings are looked for without --config.</summary>
    public const string DefaultConfig = "/etc/ebpf-personas/agent.json";

    /// <summary>What --help says.</summary>
    public const string Help =
        """
        usage: ebpf-personas-agent [--config FILE] [--check | --version | --help] [--KEY VALUE]...

          --config FILE   settings, a JSON object (default /etc/ebpf-personas/agent.json)
          --check         go through the whole start-up without changing traffic; exit code 0 or 1
          --version       print the version
          --help          print this

        Settings, as keys of the file, as EBPF_PERSONAS_KEY in the environment, or as --KEY VALUE; the last wins:
          controller         http[s]://HOST:PORT of the controller (default http://127.0.0.1:7071)
          vm_id              who this VM is (default /etc/machine-id)
          state_directory    what must survive a restart (default /var/lib/ebpf-personas)
          metrics_listen     ADDRESS:PORT for Prometheus (default 127.0.0.1:9435)
          attach             auto, tcx or clsact (default auto)
          cgroup             auto, none, or the absolute path of a cgroup v2: programs in it get EPERM at once
                             from a connect or send that the persona would drop (default auto: all programs)
          policy_memory_mib  kernel memory for all personas together, 1-1024 MiB (default 16); a controller
                             accepts no persona that needs more than the default
          rule_capacity      rules of all personas together that are counted, 1024-1048576 (default 65536);
                             24 octets of kernel memory each for every possible CPU
          allow_plaintext    true: http to a controller that is not on loopback (default false)
          failsafe           flows that no persona may stop, a JSON list of
                             {"direction": "ingress", "protocol": "tcp", "port": 22, "peer": "10.9.0.0/16"}
        """;

    private readonly Dictionary<string, string> _settings = [];

    /// <summary>What to do.</summary>
    public AgentCommand Command { get; private set; } = AgentCommand.Run;

    /// <summary>The file given with --config, or null.</summary>
    public string? Config { get; private set; }

    /// <summary>Settings by key.</summary>
    public IReadOnlyDictionary<string, string> Settings => _settings;

    /// <summary>Reads the arguments; throws <see cref="SettingsException"/> with all errors.</summary>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var parsed = new CommandLine();
        var errors = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = Split(arguments[i]);
            AgentCommand? command = name switch
            {
                "--check" => AgentCommand.Check,
                "--version" => AgentCommand.Version,
                "--help" or "-h" => AgentCommand.Help,
                _ => null,
            };
            if (command is { } asked)
            {
                parsed.Command = asked;
            }
            else if (name != "--config"
                && !(name.StartsWith("--", StringComparison.Ordinal) && SettingsReader.Keys.Contains(name[2..])))
            {
                errors.Add($"{name}: not an option; see --help.");
            }
            else if ((value ?? (++i < arguments.Count ? arguments[i] : null)) is not { } given)
            {
                errors.Add($"{name}: a value is missing.");
            }
            else if (name == "--config")
            {
                parsed.Config = given;
            }
            else
            {
                parsed._settings[name[2..]] = given;
            }
        }

        return errors.Count == 0 ? parsed : throw new SettingsException(errors);
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }
}
