using System.Globalization;

namespace EbpfPersonas.Personas.Model;

/// <summary>The protocol numbers that the product treats apart (IANA "Assigned Internet Protocol Numbers").</summary>
public static class IpProtocol
{
    /// <summary>ICMP for IPv4, RFC 792.</summary>
    public const byte Icmp = 1;

    /// <summary>TCP, RFC 9293.</summary>
    public const byte Tcp = 6;

    /// <summary>UDP, RFC 768.</summary>
    public const byte Udp = 17;

    /// <summary>ICMPv6, RFC 4443.</summary>
    public const byte IcmpV6 = 58;

    /// <summary>SCTP, RFC 9260.</summary>
    public const byte Sctp = 132;

    /// <summary>"tcp" and so on as documents say it; the number in decimal for a protocol that has no word.</summary>
    public static string Word(byte protocol) => protocol switch
    {
        Tcp => "tcp",
        Udp => "udp",
        Sctp => "sctp",
        Icmp => "icmp",
        IcmpV6 => "icmpv6",
        _ => protocol.ToString(CultureInfo.InvariantCulture),
    };
}
