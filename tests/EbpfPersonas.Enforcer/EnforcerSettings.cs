using System.Globalization;
using EbpfPersonas.Agent.Dataplane;

namespace EbpfPersonas.Enforcer;

/// <summary>What a test wants of the process; arguments are NAME=VALUE.</summary>
internal sealed record EnforcerSettings
{
    public string? PinDirectory { get; init; }

    /// <summary>The file of another filter than the agent's own.</summary>
    public string? Image { get; init; }

    public AttachMode Attach { get; init; } = AttachMode.Auto;

    /// <summary>How many personas are applied at most, and how long after one comes the next.</summary>
    public int Applies { get; init; } = int.MaxValue;

    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Kills itself before this write to the kernel, counted from 1.</summary>
    public int DieAt { get; init; }

    /// <summary>Takes everything off and ends.</summary>
    public bool Detach { get; init; }

    public static EnforcerSettings Read(string[] arguments)
    {
        var settings = new EnforcerSettings();
        foreach (var argument in arguments)
        {
            var (name, value) = argument.Split('=', 2) is [var left, var right]
                ? (left, right)
                : throw new ArgumentException($"{argument} is not NAME=VALUE.");
            settings = name switch
            {
                "pins" => settings with { PinDirectory = value },
                "image" => settings with { Image = value },
                "attach" => settings with { Attach = Enum.Parse<AttachMode>(value, ignoreCase: true) },
                "applies" => settings with { Applies = int.Parse(value, CultureInfo.InvariantCulture) },
                "die_at" => settings with { DieAt = int.Parse(value, CultureInfo.InvariantCulture) },
                "detach" => settings with { Detach = bool.Parse(value) },
                _ => throw new ArgumentException($"There is no setting {name}."),
            };
        }

        return settings;
    }
}
