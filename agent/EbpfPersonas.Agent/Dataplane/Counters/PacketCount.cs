namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>Packets and octets of frames, link-layer header included.</summary>
public readonly record struct PacketCount(ulong Packets, ulong Bytes)
{
    /// <summary>The sum.</summary>
    public static PacketCount operator +(PacketCount left, PacketCount right) => Add(left, right);

    /// <summary>The sum.</summary>
    public static PacketCount Add(PacketCount left, PacketCount right) =>
        new(left.Packets + right.Packets, left.Bytes + right.Bytes);
}
