using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Abi;

/// <summary>An address or mask, network order; IPv4 in word 0 with the others zero.</summary>
[InlineArray(4)]
public struct AddressWords
{
    private uint _first;

    /// <summary>The words of <paramref name="address"/>.</summary>
    public static AddressWords From(IpAddress address)
    {
        var words = default(AddressWords);
        address.ToBytes().CopyTo(MemoryMarshal.AsBytes((Span<uint>)words));
        return words;
    }

    /// <summary>The address in these words.</summary>
    public readonly IpAddress ToAddress(bool isV6) =>
        IpAddress.FromBytes(MemoryMarshal.AsBytes((ReadOnlySpan<uint>)this)[..(isV6 ? 16 : 4)]);
}
