using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Tests.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Sockets;

/// <summary>
/// What a program is told at once is what the filter does with its first packet: EPERM means that the packet would be
/// stopped, and a packet that the rules stop means EPERM, but where the packet may be of a flow that goes on.
/// </summary>
public sealed class EarlyAgreementTests(VerdictFilterFixture fixture, ITestOutputHelper output)
    : IClassFixture<VerdictFilterFixture>
{
    private const int Personas = 500;
    private const int PacketsEach = 300;

    private readonly KernelFilter _filter = fixture.Filter;
    private readonly SortedDictionary<string, int> _tally = new(StringComparer.Ordinal);

    [Fact]
    public void A_socket_is_refused_where_the_filter_is_certain_to_stop_its_first_packet_and_only_there()
    {
        var difference = FindDifference("sockets_judged");
        foreach (var (kind, count) in _tally)
        {
            output.WriteLine($"{count,8} {kind}");
        }

        Assert.True(difference is null, difference);
        Assert.True(_tally.Values.Sum() >= 100_000, $"only {_tally.Values.Sum()} sockets");
        Assert.All(
            [
                "tcp refused", "udp refused", "sctp refused", "icmp refused", "tcp passes", "udp passes",
                "tcp passes by failsafe", "udp passes by failsafe", "udp may be an answer", "udp flow may be kept",
                "udp to nowhere", "icmp flow may be kept", "other is left to the filter",
            ],
            kind => Assert.True(_tally.GetValueOrDefault(kind) >= 100, $"{kind}: {_tally.GetValueOrDefault(kind)}"));
    }

    [Theory]
    [InlineData("socket_direction_swapped")]
    [InlineData("socket_failsafe_removed")]
    public void A_hook_that_decides_wrongly_is_caught(string program)
    {
        var difference = FindDifference(program);
        Assert.True(difference is not null, $"{program} went through {_tally.Values.Sum()} sockets.");
        output.WriteLine($"after {_tally.Values.Sum()} sockets: {difference}");
    }

    /// <summary>The first socket and packet that contradict each other, in words.</summary>
    private string? FindDifference(string program)
    {
        using var judge = new SocketJudge(_filter, program);
        var random = new Prng(VerdictFilterFixture.Seed);
        try
        {
            return Enumerable.Range(0, Personas)
                .Select(_ => FindDifference(judge, random))
                .FirstOrDefault(found => found is not null);
        }
        finally
        {
            _filter.Dataplane.SetFailsafe([]);
            _filter.Use(null);
        }
    }

    private string? FindDifference(SocketJudge judge, Prng random)
    {
        var persona = RandomPersona.Make(random) with { KeepEstablished = random.Chance(15) };
        var borders = new PersonaBorders(persona);
        var packets = Enumerable.Range(0, PacketsEach).Select(_ => MakePacket(random, borders)).ToList();
        _filter.Dataplane.SetFailsafe(random.Chance(50) ? [] : [.. packets.Take(5).Select(p => Failsafe(random, p))]);
        _filter.Use(random.Chance(3) ? null : persona);
        foreach (var packet in packets)
        {
            // A TCP client has no port of its own before it connects.
            var refused = judge.Refuses(packet, isBound: packet.Protocol != IpProtocol.Tcp || random.Chance(50));
            var said = _filter.Decide(packet);
            _filter.Forget(packet);
            var stopped = said.Verdict is "dropped" or "rejected";
            var kind = Doubt(persona, packet)
                ?? (stopped ? "refused" : said.Reason == "failsafe" ? "passes by failsafe" : "passes");
            var expected = kind == "refused" && said.Reason is "default_deny" or "denied_rule";
            if ((refused && !stopped) || (refused != expected && said.Reason is not "invalid_packet"))
            {
                return $"{packet} => {said}, but the socket is {(refused ? "refused" : "let go on")}: {kind}\n"
                    + PersonaJson.Write(persona);
            }

            var name = $"{Word(packet)} {kind}";
            _tally[name] = _tally.GetValueOrDefault(name) + 1;
        }

        return null;
    }

    /// <summary>Why a packet that the rules stop may not be the first one, or nobody is told; else null.</summary>
    private static string? Doubt(Persona persona, CasePacket packet)
    {
        var isOwnIcmp = packet.Protocol == (packet.Remote.IsV6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp);
        if (!packet.HasPorts && !isOwnIcmp)
        {
            return "is left to the filter";
        }

        if (packet.Protocol == IpProtocol.Tcp)
        {
            return null;
        }

        return packet is { Protocol: IpProtocol.Udp, RemotePort: 0 } ? "to nowhere"
            : persona.KeepEstablished ? "flow may be kept"
            : packet.HasPorts && IsAllowedIn(persona, packet) ? "may be an answer"
            : null;
    }

    private static bool IsAllowedIn(Persona persona, CasePacket packet) =>
        ReferenceVerdict.Judge(persona, packet.AsFirstPacket(Direction.Ingress)).Action == RuleAction.Allow;

    /// <summary>
    /// A packet that a socket sends: drawn to an egress rule by its peer, or to an ingress rule by its own port; of
    /// ICMP an echo request.
    /// </summary>
    private static CasePacket MakePacket(Prng random, PersonaBorders borders)
    {
        var packet = RandomPacket.Make(random, borders) with { Direction = Direction.Egress };
        if (random.Chance(15) && !packet.HasPorts)
        {
            packet = packet with { Protocol = packet.Remote.IsV6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp };
        }

        return packet.IsIcmp
            ? packet with { IcmpType = (byte)(packet.Protocol == IpProtocol.IcmpV6 ? 128 : 8), IcmpCode = 0 }
            : packet;
    }

    private static FailsafeFlow Failsafe(Prng random, CasePacket packet)
    {
        var direction = random.Pick(Direction.Ingress, Direction.Egress);
        var port = direction == Direction.Egress ? packet.RemotePort : packet.LocalPort;
        return new FailsafeFlow(
            direction, packet.Protocol, new Prefix(packet.Remote, packet.Remote.Width), new PortRange(port, port));
    }

    private static string Word(CasePacket packet) => packet.Protocol switch
    {
        IpProtocol.Tcp => "tcp",
        IpProtocol.Udp => "udp",
        IpProtocol.Sctp => "sctp",
        IpProtocol.Icmp when !packet.Remote.IsV6 => "icmp",
        IpProtocol.IcmpV6 when packet.Remote.IsV6 => "icmp",
        _ => "other",
    };
}
