namespace EbpfPersonas.Agent.Settings;

/// <summary>The settings cannot be used: every error, each with the key and where it was set.</summary>
internal sealed class SettingsException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>One sentence each.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
