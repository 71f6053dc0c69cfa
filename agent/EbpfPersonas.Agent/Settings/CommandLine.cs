using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Agent.Settings;

/// <summary>What the command line asks for.</summary>
internal sealed record CommandLine
{
    /// <summary>Where the settings are looked for without --config.</summary>
    public const string DefaultConfig = "/etc/ebpf-personas/agent.json";

    /// <summary>What --help says.</summary>
    public const string Help =
        """
        usage: ebpf-personas-agent [COMMAND] [--config FILE] [--check | --version | --help] [--KEY VALUE]...

        Without COMMAND the agent runs. Commands for root on the VM, with or without a running agent, without a
        controller; with the settings of the agent. Each use but of status is told to the controller:
          status [--json] what is enforced at this moment; exit code 0, or 3 where nothing is
          detach          take the filters off; nothing is enforced, also after a restart, until attach
          attach          undo detach
          baseline        hold the baseline persona (or none) against the controller, until resume
          resume          undo baseline
        Exit code 0: done; 1: not done; 2: done, but the disk took no note of it and a restart forgets it.

          --config FILE   settings, a JSON object (default /etc/ebpf-personas/agent.json)
          --check         go through the whole start-up without changing traffic; exit code 0 or 1
          --version       print the version
          --help          print this

        Settings, as keys of the file, as EBPF_PERSONAS_KEY in the environment, or as --KEY VALUE; the last wins:
          controller         https://HOST:PORT of the controller (default https://127.0.0.1:7071)
          vm_id              who this VM is (default /etc/machine-id)
          enrolment_token_file  path of a file with the token that lets this VM enrol: used where it has no
                             certificate that is good, then removed (default none)
          state_directory    what must survive a restart (default /var/lib/ebpf-personas/agent)
          metrics_listen     ADDRESS:PORT for Prometheus (default 127.0.0.1:9435); beyond loopback it takes
                             the three that follow
          metrics_certificate  path of the PEM certificate that metrics are served with over TLS (default none)
          metrics_key        path of its PEM key (default none)
          metrics_client_ca  path of the PEM certificates of authorities: a client needs a certificate from one
                             of them, for TLS client authentication (default none)
          attach             auto, tcx or clsact (default auto)
          cgroup             auto, none, or the absolute path of a cgroup v2: programs in it get EPERM at once
                             from a connect or send that the persona would drop (default auto: all programs)
          activation         kernel: a persona is in force before the process that triggers it runs;
                             controller: it decides, some milliseconds later (default kernel)
          policy_memory_mib  kernel memory for all personas together, 1-1024 MiB (default 16); a controller
                             accepts no persona that needs more than the default
          rule_capacity      rules of all personas together that are counted, 1024-1048576 (default 65536);
                             32 octets of kernel memory each for every possible CPU
          failsafe           flows that no persona may stop, a JSON list of
                             {"direction": "ingress", "protocol": "tcp", "port": 22, "peer": "10.9.0.0/16"}
          pin_root           folder on a bpffs, where what is in force outlives the agent (default
                             /sys/fs/bpf/ebpf-personas); none: it ends with the agent
          baseline           path of a persona document: in force where the controller's was lost, and by the
                             command of that name (default none)
          conntrack          flows remembered, and for how long without a packet, a JSON object (default
                             {"flows": 65536, "new_flows": 16384, "tcp_opening": "60s",
                             "tcp_established": "24h", "tcp_closing": "120s", "tcp_closed": "10s",
                             "unanswered": "30s", "udp": "120s", "icmp": "30s", "other": "10m"});
                             flows 1024-4194304, times 1s-30d
        """;

    private readonly Dictionary<string, string> _settings = [];

    /// <summary>What to do.</summary>
    public AgentCommand Command { get; private set; } = AgentCommand.Run;

    /// <summary>Whether the status is wanted as JSON.</summary>
    public bool Json { get; private set; }

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
                "status" when i == 0 => AgentCommand.Status,
                "detach" when i == 0 => AgentCommand.Detach,
                "attach" when i == 0 => AgentCommand.Attach,
                "baseline" when i == 0 => AgentCommand.Baseline,
                "resume" when i == 0 => AgentCommand.Resume,
                "--check" => AgentCommand.Check,
                "--version" => AgentCommand.Version,
                "--help" or "-h" => AgentCommand.Help,
                _ => null,
            };
            if (command is { } asked)
            {
                parsed.Command = asked;
            }
            else if (name == "--json" && parsed.Command == AgentCommand.Status)
            {
                parsed.Json = true;
            }
            else if (name != "--config"
                && !(name.StartsWith("--", StringComparison.Ordinal) && SettingsReader.Keys.Contains(name[2..])))
            {
                errors.Add($"{Printable.Clean(name)}: not an option; see --help.");
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
