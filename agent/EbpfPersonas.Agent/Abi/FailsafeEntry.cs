using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct failsafe_entry of bpf/abi: flows that pass before any persona is asked.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FailsafeEntry
{
    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Peer;

    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Mask;

    /// <summary>The port that the originator connects to, host order, inclusive.</summary>
    public ushort PortFirst;

    /// <summary>Inclusive.</summary>
    public ushort PortLast;

    /// <summary><see cref="PacketDirection"/> of the first packet.</summary>
    public byte Direction;

    /// <summary><see cref="AddressFamily"/>.</summary>
    public byte Family;

    /// <summary>IANA protocol number.</summary>
    public byte Protocol;

    /// <summary>Zero.</summary>
    public byte Reserved;
}
