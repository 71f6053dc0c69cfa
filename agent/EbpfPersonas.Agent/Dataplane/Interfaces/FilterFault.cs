namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>What somebody did to a filter of ours.</summary>
public enum FilterFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It was removed.</summary>
    Removed,

    /// <summary>Another program stands in its place.</summary>
    Exchanged,

    /// <summary>Another program was put in front of it, which may let packets pass that it never sees.</summary>
    NotFirst,

    /// <summary>Its pin was removed: it would end with this process.</summary>
    NotPinned,
}
