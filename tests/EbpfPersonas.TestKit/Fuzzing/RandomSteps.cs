using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>
/// Packets in a row that have to do with each other: new flows, answers, repetitions, packets of the middle, echoes,
/// ICMP errors that quote (rightly or not) what came before, and switches between personas.
/// </summary>
public static class RandomSteps
{
    private static readonly TcpControl[] Flags =
    [
        TcpControl.Syn, TcpControl.Syn, TcpControl.Syn | TcpControl.Ack,
        TcpControl.Ack, TcpControl.Ack, TcpControl.Ack | TcpControl.Psh,
        TcpControl.Fin | TcpControl.Ack, TcpControl.Rst, TcpControl.None,
        TcpControl.Syn | TcpControl.Ece | TcpControl.Cwr,
    ];

    /// <summary>
    /// Makes <paramref name="count"/> steps; a number stands for a switch to that one of <paramref name="personas"/>
    /// (null = none).
    /// </summary>
    public static ImmutableArray<RandomStep> Make(Prng random, ImmutableArray<Persona?> personas, int count)
    {
        ArgumentNullException.ThrowIfNull(random);
        var steps = ImmutableArray.CreateBuilder<RandomStep>(count);
        List<CasePacket> seen = [];
        PersonaBorders?[] borders =
            [.. personas.Select(persona => persona is null ? null : new PersonaBorders(persona))];
        var active = 0;
        while (steps.Count < count)
        {
            if (random.Chance(5))
            {
                active = random.Below(personas.Length);
                steps.Add(new RandomStep(null, active));
                continue;
            }

            var packet = MakePacket(random, borders[active] ?? borders.First(some => some is not null)!, seen);
            seen.Add(packet);
            steps.Add(new RandomStep(packet, 0));
        }

        return steps.ToImmutable();
    }

    private static CasePacket MakePacket(Prng random, PersonaBorders borders, List<CasePacket> seen)
    {
        if (seen.Count == 0 || random.Chance(25))
        {
            return WithFlags(random, RandomPacket.Make(random, borders));
        }

        var earlier = random.Pick(seen.ToArray());
        return random.Below(8) switch
        {
            < 3 => WithFlags(random, Answer(earlier)),
            < 5 => WithFlags(random, earlier),
            5 => AlmostThe(random, earlier),
            _ => Error(random, earlier),
        };
    }

    private static CasePacket WithFlags(Prng random, CasePacket packet) =>
        packet.Protocol == IpProtocol.Tcp ? packet with { Flags = random.Pick(Flags) } : packet;

    /// <summary>The same flow, the other way; an echo request becomes its reply.</summary>
    private static CasePacket Answer(CasePacket packet) => packet with
    {
        Direction = packet.Direction == Direction.Ingress ? Direction.Egress : Direction.Ingress,
        IcmpType = packet.IcmpType switch
        {
            8 when !packet.Remote.IsV6 => 0,
            128 when packet.Remote.IsV6 => 129,
            var other => other,
        },
    };

    /// <summary>One field away from a packet of the flow.</summary>
    private static CasePacket AlmostThe(Prng random, CasePacket packet) => random.Below(3) switch
    {
        0 when packet.HasPorts => packet with { LocalPort = (ushort)(packet.LocalPort ^ 1 << random.Below(16)) },
        1 when packet.HasPorts => packet with { RemotePort = (ushort)(packet.RemotePort ^ 1 << random.Below(16)) },
        _ => packet with { EchoId = packet.IsIcmp ? (ushort)(packet.EchoId + 1) : (ushort)0 },
    };

    private static CasePacket Error(Prng random, CasePacket quoted)
    {
        if (quoted.Quoted is not null)
        {
            return quoted;
        }

        var isV6 = quoted.Remote.IsV6;
        return new CasePacket
        {
            Direction = random.Chance(85) == (quoted.Direction == Direction.Egress)
                ? Direction.Ingress
                : Direction.Egress,
            Protocol = isV6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp,
            Remote = random.Chance(50) ? quoted.Remote : new IpAddress(isV6, random.NextBits(isV6 ? 128 : 32)),
            IcmpType = isV6 ? random.Pick<byte>(1, 2, 3, 4, 5) : random.Pick<byte>(3, 4, 5, 11, 12),
            Quoted = random.Chance(30) ? quoted with { Cut = 8 } : quoted,
        };
    }
}
