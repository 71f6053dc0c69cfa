using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>The words for protocols, TCP flags and extension headers in <c>packets.txt</c>, both ways.</summary>
internal static class PacketWords
{
    private static readonly (string Word, byte Number)[] Protocols =
    [
        ("tcp", IpProtocol.Tcp), ("udp", IpProtocol.Udp), ("sctp", IpProtocol.Sctp),
        ("icmp", IpProtocol.Icmp), ("icmpv6", IpProtocol.IcmpV6),
    ];

    private static readonly (string Word, byte Number)[] Extensions =
        [("hopopts", 0), ("routing", 43), ("dstopts", 60), ("ah", 51)];

    private static readonly (string Word, TcpControl Flag)[] Flags =
    [
        ("syn", TcpControl.Syn), ("fin", TcpControl.Fin), ("rst", TcpControl.Rst),
        ("psh", TcpControl.Psh), ("ack", TcpControl.Ack), ("urg", TcpControl.Urg),
        ("ece", TcpControl.Ece), ("cwr", TcpControl.Cwr),
    ];

    public static byte Protocol(string word)
    {
        var known = Array.FindIndex(Protocols, protocol => protocol.Word == word);
        return known >= 0 ? Protocols[known].Number : (byte)Number(word, byte.MaxValue, "protocol");
    }

    public static string Protocol(byte number)
    {
        var known = Array.FindIndex(Protocols, protocol => protocol.Number == number);
        return known >= 0 ? Protocols[known].Word : number.ToString(CultureInfo.InvariantCulture);
    }

    public static byte Extension(string word)
    {
        var known = Array.FindIndex(Extensions, extension => extension.Word == word);
        return known >= 0 ? Extensions[known].Number : throw new FormatException($"'{word}' is no extension header.");
    }

    public static string Extension(byte number) =>
        Extensions[Array.FindIndex(Extensions, extension => extension.Number == number)].Word;

    /// <summary>Flags written one behind the other, such as "synack"; "none" for none.</summary>
    public static TcpControl TcpControlOf(string word)
    {
        var flags = TcpControl.None;
        if (word == "none")
        {
            return flags;
        }

        for (var rest = word; rest.Length > 0; rest = rest[3..])
        {
            var known = Array.FindIndex(Flags, flag => rest.StartsWith(flag.Word, StringComparison.Ordinal));
            flags |= known >= 0 ? Flags[known].Flag : throw new FormatException($"'{word}' are no TCP flags.");
        }

        return flags;
    }

    public static string Of(TcpControl flags) => flags == TcpControl.None
        ? "none"
        : string.Concat(Flags.Where(flag => flags.HasFlag(flag.Flag)).Select(flag => flag.Word));

    /// <summary>A number of 32 bits.</summary>
    public static uint Word(string word, string what) =>
        uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{what} '{word}' is not a number of 32 bits.");

    public static int Number(string word, int max, string what) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max
            ? number
            : throw new FormatException($"{what} '{word}' is not a number from 0 to {max}.");
}
