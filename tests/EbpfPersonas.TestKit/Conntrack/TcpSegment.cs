using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// What conntrack reads of a TCP segment (RFC 9293 section 3.1); <paramref name="WindowScale"/> is the option's number,
/// null where there is none (RFC 7323 section 2.2).
/// </summary>
public readonly record struct TcpSegment(
    uint Sequence, uint Acknowledgment, ushort Window, TcpControl Control, int PayloadLength, byte? WindowScale)
{
    public static TcpSegment Of(CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        return new TcpSegment(
            packet.Sequence, packet.Acknowledgment, packet.Window, packet.Flags, packet.PayloadLength,
            packet.WindowScale);
    }

    public bool HasSyn => Control.HasFlag(TcpControl.Syn);

    public bool HasAck => Control.HasFlag(TcpControl.Ack);

    public bool HasFin => Control.HasFlag(TcpControl.Fin);

    public bool HasRst => Control.HasFlag(TcpControl.Rst);

    /// <summary>SYN+ACK.</summary>
    public bool Answers => HasSyn && HasAck;

    /// <summary>One past its last octet; SYN and FIN count as octets.</summary>
    public uint End => unchecked(Sequence + (uint)PayloadLength + (HasSyn ? 1u : 0) + (HasFin ? 1u : 0));

    /// <summary>
    /// The window that it offers, in octets: the scale holds for all but the segments with SYN (RFC 7323 section 2.2).
    /// </summary>
    public uint WindowOf(TcpSide sender)
    {
        ArgumentNullException.ThrowIfNull(sender);
        return HasSyn ? Window : (uint)Window << sender.Scale.GetValueOrDefault();
    }

    /// <summary>As above; one octet at least, which probes of a closed window carry.</summary>
    public uint RoomOf(TcpSide sender) => Math.Max(WindowOf(sender), 1);
}
