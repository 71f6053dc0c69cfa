using System.Globalization;

namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>
/// What is asked of one process: every part that is given must hold for it. Two that ask the same are equal, whichever
/// persona asks. Without any part it speaks of no process.
/// </summary>
public sealed record ProcessCondition
{
    /// <summary>Exact basename of the path as executed or of the resolved executable.</summary>
    public string? ProcessName { get; init; }

    /// <summary>Exact path as executed, or of the resolved executable.</summary>
    public string? ProcessPath { get; init; }

    /// <summary>User name, or decimal user id.</summary>
    public string? User { get; init; }

    /// <summary>
    /// What the parent ran when the process was started: basename or, with a slash, path, as of the process itself.
    /// </summary>
    public string? ParentProcess { get; init; }

    /// <summary>Whether no part is given.</summary>
    public bool IsEmpty =>
        ProcessName is null && ProcessPath is null && User is null && ParentProcess is null;

    /// <summary>Whether it speaks of <paramref name="process"/>.</summary>
    public bool Matches(ProcessImage process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return !IsEmpty
            && (ProcessName is not { } name || IsNamed(process.Path, process.Executable, name))
            && (ProcessPath is not { } path || Is(process.Path, path) || Is(process.Executable, path))
            && (User is not { } user || Is(process.UserName, user)
                || process.UserId.ToString(CultureInfo.InvariantCulture) == user)
            && (ParentProcess is not { } parent || IsProgram(process.Parent, parent));
    }

    /// <summary>
    /// Whether every process that <paramref name="other"/> speaks of is one that this speaks of, because it asks no
    /// more.
    /// </summary>
    public bool AsksNoMoreThan(ProcessCondition other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return !IsEmpty
            && (ProcessName is null || ProcessName == other.ProcessName)
            && (ProcessPath is null || ProcessPath == other.ProcessPath)
            && (User is null || User == other.User)
            && (ParentProcess is null || ParentProcess == other.ParentProcess);
    }

    private static bool IsProgram(ParentImage? image, string program) => image is not null
        && (program.Contains('/', StringComparison.Ordinal)
            ? Is(image.Path, program) || Is(image.Executable, program)
            : IsNamed(image.Path, image.Executable, program));

    private static bool IsNamed(string path, string executable, string name) =>
        Is(BaseName(path), name) || Is(BaseName(executable), name);

    /// <summary>Equal, where empty stands for "the process has none" and equals nothing.</summary>
    private static bool Is(string had, string wanted) => had.Length > 0 && had == wanted;

    /// <summary>What follows the last slash.</summary>
    private static string BaseName(string path) => path[(path.LastIndexOf('/') + 1)..];
}
