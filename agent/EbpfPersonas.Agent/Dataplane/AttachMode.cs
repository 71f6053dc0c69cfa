namespace EbpfPersonas.Agent.Dataplane;

/// <summary>How the filters hang on the interfaces.</summary>
public enum AttachMode
{
    /// <summary>tcx where the kernel has it (Linux 6.6), else clsact.</summary>
    Auto,

    /// <summary>tcx links.</summary>
    Tcx,

    /// <summary>clsact with a fixed handle and priority.</summary>
    Clsact,
}
