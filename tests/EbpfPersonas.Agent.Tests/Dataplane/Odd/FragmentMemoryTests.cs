using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Odd;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>How long the filter remembers the first part of a datagram, and of how many.</summary>
public sealed class FragmentMemoryTests
{
    /// <summary>Places in the map "fragments".</summary>
    private const int Places = 4096;

    private const int Many = 3 * Places;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // The filter's clock stands still for a tick of at most 10 ms.
    private static readonly TimeSpan JustWithin = TimeSpan.FromSeconds(29.5);
    private static readonly TimeSpan JustBeyond = TimeSpan.FromMilliseconds(30_020);

    /// <summary>The first part is made older than it is; the limit is the filter's own.</summary>
    [Theory]
    [InlineData(AttachMode.Tcx, 4)]
    [InlineData(AttachMode.Tcx, 6)]
    [InlineData(AttachMode.Clsact, 4)]
    public async Task A_later_part_passes_for_thirty_seconds_after_the_first_and_then_no_more(
        AttachMode mode, int version)
    {
        await using var lab = await OddLab.CreateAsync(mode, OddCases.Persona);
        Assert.Equal((true, false), await PassesWithinAndBeyondAsync(lab, version));
        Assert.Equal(1UL, lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.Fragment));
    }

    [Fact]
    public async Task A_filter_that_remembers_them_for_ever_is_caught()
    {
        await using var lab = await OddLab.CreateAsync(
            AttachMode.Auto, OddCases.Persona, TestObjects.Program("fragments_for_ever"));
        Assert.Equal((true, true), await PassesWithinAndBeyondAsync(lab, 4));
    }

    [Fact]
    public void With_no_room_left_the_oldest_are_forgotten_and_dropped_and_new_datagrams_pass()
    {
        using var filter = new KernelFilter(TestObjects.Program("verdict"));
        filter.Use(OddCases.Persona);
        for (var id = 0; id < Many; id++)
        {
            Assert.True(filter.Judge(Direction.Ingress, First(id)).Passed);
        }

        var passed = 0;
        for (var id = 0; id < Many; id++)
        {
            var said = filter.Judge(Direction.Ingress, Later(id));
            Assert.True(said.Passed || said.Reason == Reason.Fragment, $"datagram {id}: {said}");
            passed += said.Passed ? 1 : 0;
        }

        // An LRU of the kernel evicts some more than it must.
        Assert.InRange(passed, Places / 2, Places);
        Assert.InRange(KernelFragments.Count(filter.Dataplane.Filter), Places / 2, Places);
        for (var id = Many; id < 2 * Many; id++)
        {
            Assert.True(filter.Judge(Direction.Ingress, First(id)).Passed);
            Assert.True(filter.Judge(Direction.Ingress, Later(id)).Passed, $"datagram {id}, at once");
        }
    }

    [Fact]
    public void Datagrams_that_are_denied_take_no_room()
    {
        using var filter = new KernelFilter(TestObjects.Program("verdict"));
        filter.Use(OddCases.Persona);
        Assert.True(filter.Judge(Direction.Ingress, First(0)).Passed);
        for (var id = 1; id < Many; id++)
        {
            Assert.Equal(
                Reason.DeniedRule,
                filter.Judge(Direction.Ingress, OddFragments.FirstPart(OddCases.DeniedPort, id)).Reason);
        }

        Assert.True(filter.Judge(Direction.Ingress, Later(0)).Passed);
        Assert.Equal(1, KernelFragments.Count(filter.Dataplane.Filter));
    }

    /// <summary>Whether a later part arrives within 30 s of the first one, and whether one does afterwards.</summary>
    private static async Task<(bool Within, bool Beyond)> PassesWithinAndBeyondAsync(OddLab lab, int version)
    {
        var ethertype = (ushort)(version == 4 ? 0x0800 : 0x86dd);
        using var sender = new RawSocket(lab.Peer, await lab.Peer.InterfaceIndexAsync(OddLab.Wire));
        using var receiver = new FrameReceiver(lab.Vm, await lab.Vm.InterfaceIndexAsync(OddLab.Wire), ethertype);
        var (first, later) = (First(1, version), Later(1, version));
        byte[] stale = [.. later[..^1], (byte)~later[^1]];
        var (lastFirst, last) = (First(2, version), Later(2, version));

        sender.Send(first, ethertype);
        KernelFragments.Age(lab.Dataplane.Filter, JustWithin);
        sender.Send(later, ethertype);
        KernelFragments.Age(lab.Dataplane.Filter, JustBeyond - JustWithin);
        sender.Send(stale, ethertype);
        sender.Send(lastFirst, ethertype);
        sender.Send(last, ethertype);

        List<byte[]> received = [];
        while (receiver.Receive(Patience) is { } frame)
        {
            received.Add(frame);
            if (frame.AsSpan().SequenceEqual(last))
            {
                break;
            }
        }

        Assert.Contains(received, frame => frame.AsSpan().SequenceEqual(last));
        return (
            received.Exists(frame => frame.AsSpan().SequenceEqual(later)),
            received.Exists(frame => frame.AsSpan().SequenceEqual(stale)));
    }

    private static byte[] First(int id, int version = 4) => OddFragments.FirstPart(27001, id, version);

    private static byte[] Later(int id, int version = 4) => OddFragments.LastPart(27001, id, version);
}
