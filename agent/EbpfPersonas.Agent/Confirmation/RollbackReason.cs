namespace EbpfPersonas.Agent.Confirmation;

/// <summary>Why a persona counts as not confirmed.</summary>
internal enum RollbackReason
{
    /// <summary>No new connection to the controller succeeded in time.</summary>
    Timeout,

    /// <summary>The time was over when the agent, which had not been running, came back.</summary>
    AgentRestart,

    /// <summary>The machine was booted again before it was confirmed.</summary>
    Reboot,
}
