namespace EbpfPersonas.Agent.Link;

/// <summary>Why something that was kept on disk cannot be used.</summary>
internal enum StateFault
{
    /// <summary>There is no such file, although there was one.</summary>
    Missing,

    /// <summary>The file system refuses to give it.</summary>
    Unreadable,

    /// <summary>It ends too early.</summary>
    Truncated,

    /// <summary>It is larger than any state.</summary>
    Oversized,

    /// <summary>Its content is not what was written.</summary>
    Damaged,

    /// <summary>Another version of the agent wrote it in another format.</summary>
    Format,

    /// <summary>It belongs to another VM.</summary>
    OtherVm,

    /// <summary>It is whole, and the datapath does not take it.</summary>
    Refused,
}
