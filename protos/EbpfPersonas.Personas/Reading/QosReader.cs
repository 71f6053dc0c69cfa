using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Units;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads <c>qos</c>.</summary>
internal static class QosReader
{
    private static readonly string[] Known =
    [
        "egress_bandwidth", "ingress_bandwidth", "egress_burst", "ingress_burst", "egress_packet_rate",
        "ingress_packet_rate",
        "max_connections", "dscp", "priority",
    ];

    public static QosDocument? Read(Field field)
    {
        if (field.Object(Known) is not { } members)
        {
            return null;
        }

        foreach (var member in members.Present(Known))
        {
            member.NotEnforcedYet();
        }

        return new QosDocument(
            members["egress_bandwidth"] is { } egress ? Vocabulary.BitsPerSecond(egress) : null,
            members["ingress_bandwidth"] is { } ingress ? Vocabulary.BitsPerSecond(ingress) : null,
            members["egress_burst"] is { } outBurst ? Vocabulary.Bytes(outBurst) : null,
            members["ingress_burst"] is { } inBurst ? Vocabulary.Bytes(inBurst) : null,
            members["egress_packet_rate"]?.Integer(1, 1_000_000_000),
            members["ingress_packet_rate"]?.Integer(1, 1_000_000_000),
            members["max_connections"]?.Integer(1, 1_000_000_000),
            members["dscp"] is { } dscp ? ReadDscp(dscp) : null,
            (int?)members["priority"]?.Integer(0, 7));
    }

    private static byte? ReadDscp(Field field)
    {
        if (!field.IsText)
        {
            return (byte?)field.Integer(0, 63);
        }

        if (field.Text() is not { } text)
        {
            return null;
        }

        if (Dscp.TryParse(text, out var codePoint))
        {
            return codePoint;
        }

        field.Error(FindingCode.UnknownWord, $"{Printable.Quote(text)} is not a code point: {Dscp.Forms}.");
        return null;
    }
}
