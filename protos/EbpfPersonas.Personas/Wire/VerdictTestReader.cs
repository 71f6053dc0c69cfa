using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>Reads one of a persona's own tests off the wire, as strictly as its rules.</summary>
internal static class VerdictTestReader
{
    /// <summary>The test; throws <see cref="FormatException"/> that names a part of <paramref name="field"/>.</summary>
    public static VerdictTest Read(V1.VerdictTest wire, string field)
    {
        var packet = new Packet(
            PersonaReader.Known<Direction>((int)wire.Direction, $"{field}.direction"),
            (byte)PersonaReader.InRange(wire.Protocol, byte.MaxValue, $"{field}.protocol"),
            PersonaReader.ReadAddress(wire.Peer, $"{field}.peer"));
        Require(packet.HasPorts == wire.HasPort, packet, $"{field}.port");
        Require(
            packet.IsIcmp ? wire.Icmp is { HasType: true, HasCode: true } : wire.Icmp is null, packet, $"{field}.icmp");
        var expect = PersonaReader.Known<RuleAction>((int)wire.Expect, $"{field}.expect");
        return new VerdictTest(
            packet with
            {
                Port = (ushort)PersonaReader.InRange(wire.Port, ushort.MaxValue, $"{field}.port"),
                IcmpType = (byte)PersonaReader.InRange(wire.Icmp?.Type ?? 0, byte.MaxValue, $"{field}.icmp.type"),
                IcmpCode = (byte)PersonaReader.InRange(wire.Icmp?.Code ?? 0, byte.MaxValue, $"{field}.icmp.code"),
            },
            expect != RuleAction.Reject
                ? expect
                : throw new FormatException($"{field}.expect: a test expects allow or deny."));
    }

    private static void Require(bool fits, Packet packet, string field)
    {
        if (!fits)
        {
            throw new FormatException($"{field} does not fit protocol {packet.Protocol}.");
        }
    }
}
