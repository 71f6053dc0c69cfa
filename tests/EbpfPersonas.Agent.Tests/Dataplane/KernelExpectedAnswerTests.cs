using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// An answer passes the persona that would reject it: once, the other way, soon, and as it was sent, to the bit.
/// </summary>
public sealed class KernelExpectedAnswerTests(VerdictFilterFixture fixture) : IClassFixture<VerdictFilterFixture>
{
    private const int EthernetLength = 14;

    private readonly KernelFilter _filter = fixture.Filter;

    public static TheoryData<string> Packets =>
    [
        "tcp local:40000 > 192.0.2.1:80", "tcp 192.0.2.1:40000 > local:80 flags=ack",
        "udp local:40000 > 192.0.2.1:53", "udp 192.0.2.1:40000 > local:53 payload=20",
        "tcp [2001:db8::9]:1 > local:80", "udp local:1 > [2001:db8::9]:53 payload=20",
    ];

    [Theory]
    [MemberData(nameof(Packets))]
    public void An_answer_passes_once_and_leaves_no_flow(string line)
    {
        var (direction, answer) = Reject(line);
        var flows = _filter.Dataplane.Filter.Map("flows");

        Assert.Equal((Verdict.Forwarded, Reason.Failsafe), Judge(direction, answer));
        Assert.Equal((Verdict.Dropped, Reason.DeniedRule), Judge(direction, answer));
        Assert.Empty(flows.Keys<FlowKey>());
    }

    [Theory]
    [MemberData(nameof(Packets))]
    public void No_other_packet_passes_in_its_place(string line)
    {
        var (direction, answer) = Reject(line);
        var isV6 = answer[12] == 0x86;
        var addresses = EthernetLength + (isV6 ? 8 : 12);
        var message = EthernetLength + (isV6 ? 40 : 20);

        for (var bit = addresses * 8; bit < (message + 20) * 8; bit++)
        {
            var other = answer.ToArray();
            other[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.NotEqual(Reason.Failsafe, Judge(direction, other).Reason);
        }

        Assert.NotEqual(Reason.Failsafe, Judge(Opposite(direction), answer).Reason);
        Assert.Equal(Reason.Failsafe, Judge(direction, answer).Reason);
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_judged()
    {
        var (direction, answer) = Reject("tcp local:40000 > 192.0.2.1:80");
        await Task.Delay(1100);
        Assert.Equal((Verdict.Dropped, Reason.DeniedRule), Judge(direction, answer));
    }

    [Fact]
    public void A_flood_of_answers_that_never_arrive_does_not_keep_the_next_from_passing()
    {
        _filter.Use(KernelAnswerTests.RejectAll);
        var capacity = _filter.Dataplane.Filter.Map("expected_answers").MaxEntries;
        for (var i = 0; i < 4 * capacity; i++)
        {
            var packet = PacketParser.Parse("udp local:1 > 192.0.2.1:53") with { LocalPort = (ushort)i };
            Assert.NotNull(_filter.Judge(Direction.Egress, Frame.Build(packet)).Answer);
        }

        var (direction, answer) = Reject("tcp local:40000 > 192.0.2.1:80");
        Assert.Equal((Verdict.Forwarded, Reason.Failsafe), Judge(direction, answer));
    }

    [Fact]
    public void Rate_0_answers_nobody()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions { RejectRate = 0 });
        dataplane.Apply(1, KernelAnswerTests.RejectAll);
        var frame = Frame.Build(PacketParser.Parse("udp local:1 > 192.0.2.1:53"));
        Assert.Equal(KernelFilter.Shot, dataplane.Filter.Program("filter_egress").TestRun(frame));
    }

    /// <summary>Rejects the packet; gives its answer and the direction that goes in.</summary>
    private (Direction Direction, byte[] Answer) Reject(string line)
    {
        _filter.Use(KernelAnswerTests.RejectAll);
        var packet = PacketParser.Parse(line);
        return (Opposite(packet.Direction), _filter.Judge(packet.Direction, Frame.Build(packet)).Answer!);
    }

    private (Verdict Verdict, Reason Reason) Judge(Direction direction, byte[] frame)
    {
        var said = _filter.Judge(direction, frame);
        return (said.Verdict, said.Reason);
    }

    private static Direction Opposite(Direction direction) =>
        direction == Direction.Egress ? Direction.Ingress : Direction.Egress;
}
