namespace EbpfPersonas.Personas.Model;

/// <summary>ICMP or ICMPv6 type and code, 0-255 each; null matches any (RFC 792, RFC 4443).</summary>
public readonly record struct IcmpMatch(byte? Type, byte? Code)
{
    /// <summary>Whether a message of this type and code matches.</summary>
    public bool Contains(byte type, byte code) => (Type ?? type) == type && (Code ?? code) == code;
}
