using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// Addresses that a router would forward: in IPv4 1.0.0.0 to 223.255.255.255 but for 127.0.0.0/8 (RFC 1122 section
/// 3.2.1.3, RFC 5771), in IPv6 2000::/3 (RFC 4291 section 2.4). Packets from others are martians, which the kernel
/// drops on a way of their own.
/// </summary>
public static class AddressSpace
{
    private const int Attempts = 64;

    private static readonly Prefix GlobalUnicast = new(IpAddress.Parse("2000::"), 3);

    /// <summary>
    /// A random address of the block that is forwarded; where the block has none, any of its addresses.
    /// </summary>
    public static IpAddress Inside(Prng random, Prefix block)
    {
        ArgumentNullException.ThrowIfNull(random);
        var isV6 = block.Address.IsV6;
        var outer = isV6 && block.Contains(GlobalUnicast) ? GlobalUnicast : block;
        var hostBits = ~Prefix.Mask(isV6, outer.Length) & Prefix.Mask(isV6, block.Address.Width);
        var address = outer.Address;
        for (var i = 0; i < Attempts; i++)
        {
            address = outer.Address with
            {
                Bits = outer.Address.Bits | (random.NextBits(block.Address.Width) & hostBits),
            };
            if (IsForwarded(address))
            {
                break;
            }
        }

        return address;
    }

    /// <summary>Whether a packet from this address is one that a router forwards.</summary>
    public static bool IsForwarded(IpAddress address) => address.IsV6
        ? GlobalUnicast.Contains(address)
        : (uint)(address.Bits >> 24) is > 0 and < 224 and not 127;
}
