using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Odd;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>
/// Segments that the stack hands over in one, of more octets than IPv4's and IPv6's length fields can say: those are 0
/// then. A frame that says 0 for another reason is among <see cref="OddCases"/>.
/// </summary>
public sealed class BigTcpTests
{
    private const int Port = 5000;
    private const int Volume = 8_000_000;
    private const uint Size = 200_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static TheoryData<AttachMode, Direction, bool> Ways
    {
        get
        {
            TheoryData<AttachMode, Direction, bool> ways = [];
            foreach (var mode in new[] { AttachMode.Tcx, AttachMode.Clsact })
            {
                foreach (var direction in new[] { Direction.Ingress, Direction.Egress })
                {
                    ways.Add(mode, direction, false);
                    ways.Add(mode, direction, true);
                }
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Packets_too_long_for_their_length_field_pass_where_they_are_allowed_and_are_counted(
        AttachMode mode, Direction direction, bool isV6)
    {
        await using var lab = await CreateLabAsync(mode, OddCases.Persona);

        var (received, segments, counted) = await TransferAsync(lab, direction, isV6, Port);

        Assert.Equal(Volume, received);
        Assert.Equal(segments, counted);
        Assert.Equal(0UL, lab.Count(direction, AbiVerdict.Dropped));
    }

    /// <summary>And with it that such packets were there.</summary>
    [Theory]
    [InlineData(Direction.Ingress, false, Reason.InvalidPacket)]
    [InlineData(Direction.Ingress, true, Reason.Truncated)]
    [InlineData(Direction.Egress, false, Reason.InvalidPacket)]
    [InlineData(Direction.Egress, true, Reason.Truncated)]
    public async Task A_filter_that_believes_the_length_field_is_caught(
        Direction direction, bool isV6, Reason reason)
    {
        await using var lab = await CreateLabAsync(
            AttachMode.Auto, OddCases.Persona, TestObjects.Program("big_tcp_cut_off"));
        using var stop = new CancellationTokenSource();

        var transfer = TransferAsync(lab, direction, isV6, Port, stop.Token);
        try
        {
            await Eventually.TrueAsync(
                () => Task.FromResult(lab.Count(direction, AbiVerdict.Dropped, reason) > 0),
                Patience,
                () => $"a packet is dropped as {reason}");
        }
        finally
        {
            await stop.CancelAsync();
            await transfer;
        }
    }

    /// <summary>On the wire that both ends share, past the bridge.</summary>
    private static async Task<OddLab> CreateLabAsync(AttachMode mode, Persona persona, byte[]? filter = null)
    {
        var lab = await OddLab.CreateAsync(mode, persona, filter);
        foreach (var (host, last) in new[] { (lab.Vm, "5"), (lab.Peer, "10") })
        {
            BigTcp.TurnOn(host, await host.InterfaceIndexAsync(OddLab.Wire), Size);
            await host.RunAsync("ip", "address", "add", $"10.0.1.{last}/24", "dev", OddLab.Wire);
            await host.RunAsync("ip", "address", "add", $"2001:db8:1::{last}/64", "dev", OddLab.Wire, "nodad");
        }

        return lab;
    }

    /// <summary>Octets that arrive, and segments of them as the receiver and as the filter counted them.</summary>
    private static async Task<(int Received, ulong Segments, ulong Counted)> TransferAsync(
        OddLab lab, Direction direction, bool isV6, int port, CancellationToken stop = default)
    {
        var (from, to) = direction == Direction.Egress ? (lab.Vm, lab.Peer) : (lab.Peer, lab.Vm);
        var target = (isV6 ? "2001:db8:1::" : "10.0.1.") + (to == lab.Vm ? "5" : "10");
        using var listener = to.Listen(target, port);
        using var sender = await from.ConnectAsync(target, port, Patience);
        using var receiver = await listener.AcceptAsync(stop);
        var (before, countedBefore) = (TcpInfo.ReadSegmentsIn(receiver), Counted());
        var sending = SendAsync();
        var received = 0;
        try
        {
            for (var buffer = new byte[Volume]; received < Volume;)
            {
                received += await receiver.ReceiveAsync(buffer, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        await sending;
        return (received, TcpInfo.ReadSegmentsIn(receiver) - before, Counted() - countedBefore);

        async Task SendAsync()
        {
            try
            {
                for (var sent = 0; sent < Volume;)
                {
                    sent += await sender.SendAsync(new byte[Volume - sent], stop);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
        }

        ulong Counted() => lab.Count(direction, AbiVerdict.Forwarded, Reason.Established);
    }
}
