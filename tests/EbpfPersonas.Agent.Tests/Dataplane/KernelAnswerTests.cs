using System.Buffers.Binary;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// The frame that takes a rejected packet's place, octet by octet. In <see cref="Frame"/> a segment has the sequence
/// number 1000 and acknowledges 1001.
/// </summary>
public sealed class KernelAnswerTests(VerdictFilterFixture fixture) : IClassFixture<VerdictFilterFixture>
{
    private const int EthernetLength = 14;
    private const int Mutations = 20_000;
    private const byte Rst = 4;
    private const byte RstAck = 20;

    private readonly KernelFilter _filter = fixture.Filter;

    internal static Persona RejectAll { get; } = new()
    {
        Name = "reject-all",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [Reject(Direction.Ingress), Reject(Direction.Egress)],
    };

    [Theory]
    [InlineData("tcp local:40000 > 192.0.2.1:80", 0, 1001, RstAck)]
    [InlineData("tcp 192.0.2.1:40000 > local:80", 0, 1001, RstAck)]
    [InlineData("tcp 192.0.2.1:40000 > local:80 payload=1400 options=40", 0, 2401, RstAck)]
    [InlineData("tcp 192.0.2.1:40000 > local:80 flags=synurg payload=3", 0, 1004, RstAck)]
    [InlineData("tcp local:40000 > 192.0.2.1:80 flags=ack payload=1", 1001, 0, Rst)]
    [InlineData("tcp local:40000 > 192.0.2.1:80 flags=synack options=4", 1001, 0, Rst)]
    [InlineData("tcp local:40000 > 192.0.2.1:80 flags=finack", 1001, 0, Rst)]
    [InlineData("tcp local:40000 > [2001:db8::9]:80", 0, 1001, RstAck)]
    [InlineData("tcp [2001:db8::9]:1 > local:80 ext=hopopts,dstopts,routing,ah payload=1200", 0, 2201, RstAck)]
    [InlineData("tcp [2001:db8::9]:1 > local:80 ext=routing flags=ack payload=7", 1001, 0, Rst)]
    public void Tcp_is_reset_as_by_a_closed_port(string line, uint sequence, uint acknowledgment, byte flags)
    {
        var (packet, frame, answer) = Answer(line);
        var message = answer.Message;

        AssertGoesBack(packet, frame, answer);
        Assert.Equal(IpProtocol.Tcp, answer.Protocol);
        Assert.Equal(packet.DestinationPort, BinaryPrimitives.ReadUInt16BigEndian(message));
        Assert.Equal(packet.SourcePort, BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(2)));
        Assert.Equal(sequence, BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(4)));
        Assert.Equal(acknowledgment, BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(8)));
        Assert.Equal((0x50, flags, 0, 0), (message[12], message[13], message[14] | message[15], message[18]));
    }

    // Quoted: the octets of the packet's own IP header, and as many behind it; of IPv6 all that fits into 1280.
    [Theory]
    [InlineData("udp local:40000 > 192.0.2.1:53 payload=100", 3, 28)]
    [InlineData("udp 192.0.2.1:53 > local:40000", 3, 28)]
    [InlineData("udp 192.0.2.1:53 > local:40000 options=40 payload=1400", 3, 68)]
    [InlineData("sctp 192.0.2.1:53 > local:40000 payload=9", 13, 28)]
    [InlineData("icmp 192.0.2.1 > local type=8 id=7 payload=56", 13, 28)]
    [InlineData("47 192.0.2.1 > local payload=4", 13, 28)]
    [InlineData("udp local:40000 > [2001:db8::9]:53", 4, 48)]
    [InlineData("udp local:40000 > [2001:db8::9]:53 payload=13", 4, 61)]
    [InlineData("udp [2001:db8::9]:53 > local:40000 payload=1184", 4, 1232)]
    [InlineData("udp [2001:db8::9]:53 > local:40000 payload=1400", 4, 1232)]
    [InlineData("udp [2001:db8::9]:53 > local:40000 payload=456", 4, 504)]
    [InlineData("udp [2001:db8::9]:53 > local:40000 payload=457 ext=ah", 4, 529)]
    [InlineData("udp local:1 > [2001:db8::9]:53 ext=hopopts,dstopts,routing payload=1", 4, 89)]
    [InlineData("sctp local:1 > [2001:db8::9]:53 payload=1", 1, 57)]
    [InlineData("icmpv6 local > 2001:db8::9 type=128 id=7 payload=56", 1, 104)]
    [InlineData("47 local > 2001:db8::9 payload=1", 1, 49)]
    public void The_rest_is_told_by_an_icmp_error(string line, byte code, int quoted)
    {
        var (packet, frame, answer) = Answer(line);

        AssertGoesBack(packet, frame, answer);
        Assert.Equal(packet.Remote.IsV6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp, answer.Protocol);
        Assert.Equal(code, answer.Message[1]);
        Assert.Equal(frame[EthernetLength..(EthernetLength + quoted)], answer.Message[8..]);
    }

    [Theory]
    [InlineData(Direction.Egress, 0)] // to a group
    [InlineData(Direction.Egress, 6)] // from a group
    [InlineData(Direction.Ingress, 6)]
    public void A_frame_to_or_from_a_group_is_not_answered(Direction direction, int at)
    {
        _filter.Use(RejectAll);
        var frame = Frame.Build(PacketParser.Parse(
            direction == Direction.Egress ? "tcp local:1 > 192.0.2.1:80" : "tcp 192.0.2.1:1 > local:80"));
        Assert.Equal(Verdict.Rejected, _filter.Judge(direction, frame).Verdict);

        frame[at] |= 1;

        Assert.Equal(Verdict.Dropped, _filter.Judge(direction, frame).Verdict);
    }

    [Fact]
    public void A_frame_to_another_station_is_not_answered()
    {
        _filter.Use(RejectAll);
        var frame = Frame.Build(PacketParser.Parse("tcp 192.0.2.1:1 > local:80"));
        var program = _filter.Dataplane.Filter.Program("filter_ingress");

        Assert.Equal(KernelFilter.Shot, program.TestRun(frame));
        frame.AsSpan(0, 6).Clear();
        Assert.Equal(KernelFilter.Redirect, program.TestRun(frame));
    }

    [Fact]
    public void Whatever_is_rejected_the_answer_is_well_formed_and_none_answers_it()
    {
        _filter.Use(RejectAll);
        var random = new Prng(VerdictFilterFixture.Seed);
        var answers = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var (packet, frame) = RandomFrame.Make(random);
            var direction = random.Chance(80) ? packet.Direction : random.Pick(Direction.Ingress, Direction.Egress);
            var said = _filter.Judge(direction, frame);
            Assert.Equal(said.Verdict == Verdict.Rejected, said.Answer is not null);
            if (said.Answer is not { } answer)
            {
                continue;
            }

            answers++;
            AnswerFrame.Read(answer);
            _filter.ForgetAnswers();
            Assert.Null(_filter.Judge(direction, answer).Answer);
            Assert.Null(_filter.Judge(Opposite(direction), answer).Answer);
        }

        Assert.InRange(answers, Mutations / 10, Mutations);
    }

    private (CasePacket Packet, byte[] Frame, AnswerFrame Answer) Answer(string line)
    {
        _filter.Use(RejectAll);
        var packet = PacketParser.Parse(line);
        var frame = Frame.Build(packet);
        var said = _filter.Judge(packet.Direction, frame);
        Assert.Equal((Verdict.Rejected, Reason.DeniedRule), (said.Verdict, said.Reason));
        return (packet, frame, AnswerFrame.Read(said.Answer!));
    }

    private static void AssertGoesBack(CasePacket packet, byte[] frame, AnswerFrame answer)
    {
        Assert.Equal((packet.Destination, packet.Source), (answer.Source, answer.Destination));
        // The frame came in with the address of the loopback interface.
        var from = packet.Direction == Direction.Ingress ? new byte[6] : frame[..6];
        Assert.Equal([.. frame[6..12], .. from], answer.HardwareAddresses);
    }

    private static Direction Opposite(Direction direction) =>
        direction == Direction.Egress ? Direction.Ingress : Direction.Egress;

    private static Rule Reject(Direction direction) => new()
    {
        Id = direction.ToString(),
        Direction = direction,
        Action = RuleAction.Reject,
        List = RuleList.FirewallRules,
    };
}
