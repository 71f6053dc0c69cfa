namespace EbpfPersonas.Agent.Link;

/// <summary>The generations of the desired state that are kept on disk.</summary>
internal enum StateName
{
    /// <summary>About to be switched to; in force already where the agent died at that moment.</summary>
    Pending,

    /// <summary>Switched to last.</summary>
    Applied,

    /// <summary>Applied, and after that the controller was heard of.</summary>
    Confirmed,

    /// <summary>Confirmed before.</summary>
    Previous,
}
