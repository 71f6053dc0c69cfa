using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct flow_key of bpf/abi: a flow's normalised 5-tuple.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlowKey
{
    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Remote;

    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Local;

    /// <summary>Network order.</summary>
    public ushort RemotePort;

    /// <summary>Network order.</summary>
    public ushort LocalPort;

    /// <summary>IANA protocol number.</summary>
    public byte Protocol;

    /// <summary><see cref="AddressFamily"/>.</summary>
    public byte Family;

    /// <summary>Zero.</summary>
    public ushort Reserved;
}
