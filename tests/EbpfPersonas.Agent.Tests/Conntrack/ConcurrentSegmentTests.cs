using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Proof;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Agent.Tests.Conntrack;

/// <summary>
/// Segments of one connection that two CPUs see at once, as where a link has several queues. Were the earlier one to
/// stay noted, what acknowledges the later one would not belong, nor what acknowledges that, and in the end neither
/// FIN.
/// </summary>
public sealed class ConcurrentSegmentTests(ITestOutputHelper output)
{
    /// <summary>So that the windows that grow with each segment, and the octets, stay below 2^16.</summary>
    private const int Pairs = 20_000;

    private static readonly CasePacket Syn = new()
    {
        Direction = Direction.Egress,
        Protocol = IpProtocol.Tcp,
        Remote = new IpAddress(false, 0x0a01_0001),
        RemotePort = ConnectionPersonas.ServerPort,
        LocalPort = 40000,
        Window = ushort.MaxValue,
    };

    [Fact]
    public void The_furthest_of_two_segments_stays_noted()
    {
        Assert.Equal(0, CountForgotten("verdict"));
    }

    /// <summary>On a busy machine the two may never run at once for a while: then it takes more pairs.</summary>
    [Fact]
    public void A_plain_store_is_caught()
    {
        Assert.Contains(Enumerable.Range(0, 10), _ => CountForgotten("segments_noted_plainly") > 0);
    }

    /// <summary>After how many pairs of segments, seen at once, something else is noted than the later says.</summary>
    private int CountForgotten(string program)
    {
        using var filter = new KernelFilter(TestObjects.Program(program));
        filter.Use(ConnectionPersonas.All[0]);
        filter.Decide(Syn);
        filter.Decide(Received(0) with { Flags = TcpControl.Syn | TcpControl.Ack, Sequence = Syn.Sequence });
        filter.Decide(Syn with { Flags = TcpControl.Ack, Sequence = Syn.Sequence + 1 });
        var forgotten = 0;
        using var together = new Barrier(2);
        using var noted = new Barrier(2, barrier =>
        {
            var last = Received(2 * (int)(barrier.CurrentPhaseNumber + 1));
            var flow = filter.ReadFlow(Syn).Confirmed!;
            var isLast = flow.Ingress.End == last.Sequence + 1 && flow.Ingress.MaxWindow == last.Window
                && flow.Egress.MaxEnd == last.Acknowledgment + last.Window;
            forgotten += isLast ? 0 : 1;
        });
        var threads = Enumerable.Range(1, 2).Select(first => new Thread(() =>
        {
            for (var i = first; i <= 2 * Pairs; i += 2)
            {
                together.SignalAndWait();
                filter.Judge(Direction.Ingress, Frame.Build(Received(i)));
                noted.SignalAndWait();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        output.WriteLine($"{program}: {forgotten} of {Pairs}");
        return forgotten;
    }

    /// <summary>The peer's octet of a number; with each it has room for one more.</summary>
    private static CasePacket Received(int number) => Syn with
    {
        Direction = Direction.Ingress,
        Flags = TcpControl.Ack,
        Sequence = Syn.Sequence + (uint)number,
        Window = (ushort)(1000 + number),
        PayloadLength = number == 0 ? 0 : 1,
    };
}
