namespace EbpfPersonas.Agent.Settings;

/// <summary>What a start of the program is for.</summary>
internal enum AgentCommand
{
    /// <summary>Govern this network namespace until told to stop.</summary>
    Run,

    /// <summary>Try the start-up.</summary>
    Check,

    /// <summary>Print the version.</summary>
    Version,

    /// <summary>Print the usage.</summary>
    Help,
}
