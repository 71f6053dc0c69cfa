namespace EbpfPersonas.Agent.Link;

/// <summary>The moments of a write at which a process may die; tests let it.</summary>
internal enum StateWriteStep
{
    /// <summary>An empty file stands beside the old one.</summary>
    Created,

    /// <summary>Half of it is written.</summary>
    HalfWritten,

    /// <summary>It is written, and the old one still has the name.</summary>
    Written,

    /// <summary>It has the name.</summary>
    Renamed,
}
