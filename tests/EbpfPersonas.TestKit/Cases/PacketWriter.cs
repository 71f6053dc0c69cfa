using System.Globalization;
using System.Text;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>A packet in the words of <c>packets.txt</c>; <see cref="PacketParser"/> reads them back.</summary>
internal static class PacketWriter
{
    public static string Write(CasePacket packet)
    {
        var text = new StringBuilder(PacketWords.Protocol(packet.Protocol));
        var local = packet.HasPorts ? Invariant($"local:{packet.LocalPort}") : "local";
        var remote = !packet.HasPorts ? packet.Remote.ToString()
            : packet.Remote.IsV6 ? Invariant($"[{packet.Remote}]:{packet.RemotePort}")
            : Invariant($"{packet.Remote}:{packet.RemotePort}");
        text.Append(packet.Direction == Direction.Egress ? $" {local} > {remote}" : $" {remote} > {local}");
        if (packet.IsIcmp)
        {
            text.Append(Invariant($" type={packet.IcmpType} code={packet.IcmpCode}"));
        }

        Append(text, packet.EchoId != 0, Invariant($" id={packet.EchoId}"));
        Append(text, packet.Flags != TcpControl.Syn, $" flags={PacketWords.Of(packet.Flags)}");
        Append(text, packet.GivenSequence is not null, Invariant($" seq={packet.GivenSequence}"));
        Append(text, packet.GivenAcknowledgment is not null, Invariant($" ack={packet.GivenAcknowledgment}"));
        Append(text, packet.GivenWindow is not null, Invariant($" win={packet.GivenWindow}"));
        Append(text, packet.WindowScale is not null, Invariant($" scale={packet.WindowScale}"));
        Append(text, packet.HopLimit != 64, Invariant($" hop={packet.HopLimit}"));
        Append(text, packet.PayloadLength != 0, Invariant($" payload={packet.PayloadLength}"));
        Append(
            text, packet.Fragment != Fragment.Whole, packet.Fragment == Fragment.First ? " frag=first" : " frag=later");
        Append(text, packet.OptionsLength != 0, Invariant($" options={packet.OptionsLength}"));
        Append(
            text, !packet.Extensions.IsEmpty,
            " ext=" + string.Join(',', packet.Extensions.Select(PacketWords.Extension)));
        Append(text, packet.Cut is not null, Invariant($" cut={packet.Cut}"));
        Append(text, packet.Quoted is not null, $" quoting {packet.Quoted}");
        return text.ToString();
    }

    private static void Append(StringBuilder text, bool given, string words)
    {
        if (given)
        {
            text.Append(words);
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
