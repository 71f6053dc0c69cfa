namespace EbpfPersonas.Controller.Access;

/// <summary>What a caller may do; each may do what those before it may. The values are those in the store.</summary>
internal enum Role
{
    /// <summary>Read personas, VMs, what they do and did.</summary>
    Viewer = 1,

    /// <summary>Also write personas, bind and activate them.</summary>
    Operator = 2,

    /// <summary>Also let VMs in and shut them out, make tokens, and read the audit.</summary>
    Admin = 3,
}
