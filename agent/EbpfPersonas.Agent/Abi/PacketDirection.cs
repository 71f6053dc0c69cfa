namespace EbpfPersonas.Agent.Abi;

/// <summary>enum packet_direction of bpf/abi: Way of a packet, or of a flow's first packet, seen from the VM.</summary>
public enum PacketDirection
{
    /// <summary>As in the C source.</summary>
    Ingress = 0,

    /// <summary>As in the C source.</summary>
    Egress = 1,

    /// <summary>As in the C source.</summary>
    Count = 2,
}
