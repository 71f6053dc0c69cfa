using System.Buffers.Binary;
using EbpfPersonas.Personas.Model;
using Tmds.Linux;

namespace EbpfPersonas.Agent.Dataplane.Addresses;

/// <summary>Reads what rtnetlink(7) says of an address.</summary>
internal static class AddressMessage
{
    // include/uapi/linux/rtnetlink.h
    internal const ushort New = 20;
    internal const ushort Deleted = 21;
    internal const ushort Get = 22;
    internal const uint Groups = 0x10 | 0x100; // RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR

    /// <summary>Octets of struct ifaddrmsg { family, prefixlen, flags, scope, index }.</summary>
    internal const int Length = 8;

    // include/uapi/linux/if_addr.h
    private const ushort AttributeAddress = 1;
    private const ushort AttributeLocal = 2;
    private const ushort AttributeFlags = 8;
    private const uint FlagOptimistic = 0x04;
    private const uint FlagDuplicate = 0x08;
    private const uint FlagTentative = 0x40;

    /// <summary>
    /// Null where it is about something else. An address that may still be somebody else's is not yet present: who has
    /// it already must be able to say so (RFC 4862 section 5.4).
    /// </summary>
    public static AddressChange? Read(ushort type, ReadOnlySpan<byte> body)
    {
        if (type is not (New or Deleted) || body.Length < Length || body[0] != LibC.AF_INET && body[0] != LibC.AF_INET6)
        {
            return null;
        }

        uint flags = body[2];
        IpAddress? local = null, peer = null;
        var attributes = body[Length..];
        while (attributes.Length >= 4)
        {
            // struct rtattr { length, type, value }; each begins at a multiple of four.
            var length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }

            var value = attributes[4..length];
            switch (BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]))
            {
                case AttributeLocal when value.Length is 4 or 16:
                    local = IpAddress.FromBytes(value);
                    break;
                case AttributeAddress when value.Length is 4 or 16:
                    peer = IpAddress.FromBytes(value);
                    break;
                case AttributeFlags when value.Length == 4:
                    flags = BinaryPrimitives.ReadUInt32LittleEndian(value);
                    break;
            }

            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }

        // Where there is no peer, IPv6 gives the address itself in its place.
        return (local ?? peer) is { } address
            ? new AddressChange(
                BinaryPrimitives.ReadInt32LittleEndian(body[4..]), address, type == New && IsUsable(flags))
            : null;
    }

    private static bool IsUsable(uint flags) =>
        (flags & FlagDuplicate) == 0 && ((flags & FlagTentative) == 0 || (flags & FlagOptimistic) != 0);
}
