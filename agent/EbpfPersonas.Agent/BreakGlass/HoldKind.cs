namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>What the operator of the VM holds against the controller.</summary>
internal enum HoldKind
{
    /// <summary>Nothing: the controller decides.</summary>
    None,

    /// <summary>The baseline persona.</summary>
    Baseline,

    /// <summary>No filter at all.</summary>
    Detached,
}
