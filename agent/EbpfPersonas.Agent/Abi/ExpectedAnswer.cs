using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct expected_answer of bpf/abi: the answer to a rejected packet, on its way to the filter.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ExpectedAnswer
{
    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Source;

    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Destination;

    /// <summary>What follows the IP header.</summary>
    public AnswerHead Head;

    /// <summary>The interface whose filter it passes.</summary>
    public uint InterfaceIndex;

    /// <summary>IANA protocol number.</summary>
    public byte Protocol;

    /// <summary><see cref="AddressFamily"/>.</summary>
    public byte Family;

    /// <summary><see cref="PacketDirection"/> in which it passes the filter.</summary>
    public byte Direction;

    /// <summary>Zero.</summary>
    public byte Reserved;
}
