namespace EbpfPersonas.Agent.Abi;

/// <summary>enum flow_mark of bpf/abi: what happened to a flow. Bits are only ever set.</summary>
[Flags]
public enum FlowMark : uint
{
    /// <summary>Nothing but its first packet.</summary>
    None = 0,

    /// <summary>A packet came from the other side.</summary>
    Answered = 1,

    /// <summary>The originator went on after the answer.</summary>
    Confirmed = 2,

    /// <summary>A FIN came in.</summary>
    FinIngress = 4,

    /// <summary>A FIN went out.</summary>
    FinEgress = 8,

    /// <summary>Either side reset it.</summary>
    Reset = 16,

    /// <summary>Seen in the middle: the originator is a guess.</summary>
    PickedUp = 32,
}
