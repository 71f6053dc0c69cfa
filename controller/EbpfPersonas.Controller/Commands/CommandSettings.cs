using EbpfPersonas.Controller.Hosting;

namespace EbpfPersonas.Controller.Commands;

/// <summary>The settings of a command: each takes the same options, the same file and the same environment.</summary>
internal static class CommandSettings
{
    /// <summary>Stands in front of what a command says is wrong.</summary>
    public const string Program = "ebpf-personas-controller";

    /// <summary>The settings, or null after the problems were written, one a line.</summary>
    public static ControllerSettings? Read(IReadOnlyList<string> arguments, TextWriter errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        var problems = new List<string>();
        var settings = SettingsReader.Read(arguments, Environment.GetEnvironmentVariable, problems);
        problems.ForEach(problem => errors.WriteLine($"{Program}: {problem}"));
        return settings;
    }
}
