namespace EbpfPersonas.Agent.Abi;

/// <summary>enum slot_flags of bpf/abi: what kind of slot.</summary>
[Flags]
public enum SlotFlags : uint
{
    /// <summary>A persona that is enforced.</summary>
    None = 0,

    /// <summary>The slot holds no persona.</summary>
    NoPersona = 1,

    /// <summary>What the persona would drop is counted, and passes.</summary>
    Audit = 2,

    /// <summary>A connection that is established when the persona becomes active goes on.</summary>
    KeepEstablished = 4,
}
