namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// The condition that makes a persona live: a process for which every given part holds. A persona without any part is never
/// triggered, only activated by hand or as the default.
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
            && (ProcessName is not { } name || BaseName(process.Path) == name || BaseName(process.Executable) == name)
            && (ProcessPath is not { } path || process.Path == path || process.Executable == path)
            && (User is not { } user || process.UserName == user
                || process.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture) == user);
    }

    /// <summary>What follows the last slash.</summary>
    private static string BaseName(string path) => path[(path.LastIndexOf('/') + 1)..];
}
