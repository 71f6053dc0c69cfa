namespace EbpfPersonas.Controller.Fleet;

/// <summary>How far a VM is on the way from what was decided to what its datapath runs.</summary>
internal enum VmPhase
{
    /// <summary>Decided, not yet sent: the agent is not connected, or has not said yet what runs on it.</summary>
    Pending,

    /// <summary>Sent, no answer so far.</summary>
    Realizing,

    /// <summary>In force; also where nothing was ever decided.</summary>
    Realized,

    /// <summary>The agent refused it; what ran before runs on.</summary>
    Failed,

    /// <summary>The operator of the VM enforces something else, or nothing, until he says otherwise.</summary>
    Degraded,
}
