namespace EbpfPersonas.Agent.Settings;

/// <summary>What a start of the program is for.</summary>
internal enum AgentCommand
{
    /// <summary>Govern this network namespace until told to stop.</summary>
    Run,

    /// <summary>Try the start-up.</summary>
    Check,

    /// <summary>Say what is enforced at this moment.</summary>
    Status,

    /// <summary>Break glass: take the filters off.</summary>
    Detach,

    /// <summary>Undo <see cref="Detach"/>.</summary>
    Attach,

    /// <summary>Break glass: hold the baseline against the controller.</summary>
    Baseline,

    /// <summary>Undo <see cref="Baseline"/>.</summary>
    Resume,

    /// <summary>Print the version.</summary>
    Version,

    /// <summary>Print the usage.</summary>
    Help,
}
