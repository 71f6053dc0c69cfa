namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// The condition that makes a persona live: a process for which every given part holds. A persona without any part is
/// never triggered, only activated by hand or as the default.
/// </summary>
public sealed record Trigger
{
    /// <summary>Exact basename of the path as executed or of the resolved executable.</summary>
    public string? ProcessName { get; init; }

    /// <summary>Exact path as executed, or of the resolved executable.</summary>
    public string? ProcessPath { get; init; }

    /// <summary>User name, or decimal user id.</summary>
    public string? User { get; init; }

    /// <summary>Whether no part is given.</summary>
    public bool IsEmpty => ProcessName is null && ProcessPath is null && User is null;

    /// <summary>Whether <paramref name="process"/> makes the persona live.</summary>
    public bool Matches(ProcessImage process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return !IsEmpty
            && (ProcessName is not { } name
                || Is(BaseName(process.Path), name)
                || Is(BaseName(process.Executable), name))
            && (ProcessPath is not { } path || Is(process.Path, path) || Is(process.Executable, path))
            && (User is not { } user || Is(process.UserName, user)
                || process.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture) == user);
    }

    /// <summary>Equal, where empty stands for "the process has none" and equals nothing.</summary>
    private static bool Is(string had, string wanted) => had.Length > 0 && had == wanted;

    /// <summary>What follows the last slash.</summary>
    private static string BaseName(string path) => path[(path.LastIndexOf('/') + 1)..];
}
