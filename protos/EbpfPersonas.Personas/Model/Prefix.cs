namespace EbpfPersonas.Personas.Model;

/// <summary>
/// A CIDR block (RFC 4632, RFC 4291 section 2.3): the first <see cref="Length"/> bits of <see cref="Address"/>, whose
/// host bits are zero.
/// </summary>
public readonly record struct Prefix
{
    /// <summary>
    /// Cuts off the host bits of <paramref name="address"/>; <paramref name="length"/> is 0-32 or 0-128.
    /// </summary>
    public Prefix(IpAddress address, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, address.Width);
        Length = length;
        Address = address with { Bits = address.Bits & Mask(address.IsV6, length) };
    }

    /// <summary>The lowest address of the block.</summary>
    public IpAddress Address { get; }

    /// <summary>Number of leading bits that count, 0-32 or 0-128.</summary>
    public int Length { get; }

    /// <summary>The highest address of the block.</summary>
    public IpAddress Last =>
        Address with { Bits = Address.Bits | (Mask(Address.IsV6, Address.Width) & ~Mask(Address.IsV6, Length)) };

    /// <summary>Whether the block holds <paramref name="address"/>; never for an address of the other family.</summary>
    public bool Contains(IpAddress address) =>
        address.IsV6 == Address.IsV6 && (address.Bits & Mask(Address.IsV6, Length)) == Address.Bits;

    /// <summary>Whether all of <paramref name="inner"/> lies in this block.</summary>
    public bool Contains(Prefix inner) => inner.Length >= Length && Contains(inner.Address);

    /// <summary>The network mask as a number, in the family's own width.</summary>
    public static UInt128 Mask(bool isV6, int length)
    {
        var width = isV6 ? 128 : 32;
        var ones = isV6 ? UInt128.MaxValue : uint.MaxValue;
        return length == 0 ? 0 : (ones << (width - length)) & ones;
    }

    /// <summary>"10.0.0.0/24".</summary>
    public override string ToString() => $"{Address}/{Length}";
}
