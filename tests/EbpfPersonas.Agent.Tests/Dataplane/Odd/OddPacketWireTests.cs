using System.Buffers.Binary;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Odd;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>
/// The same frames sent for real, past the agent's hooks on an interface: what is dropped does not arrive and is
/// counted under its reason, and what is sent behind it, made right, does.
/// </summary>
public sealed class OddPacketWireTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task Each_is_stopped_at_the_interface_and_passes_when_made_right(AttachMode mode)
    {
        await using var lab = await OddLab.CreateAsync(mode, OddCases.Persona);
        using var vm = new Station(lab.Vm, await lab.Vm.InterfaceIndexAsync(OddLab.Wire));
        using var peer = new Station(lab.Peer, await lab.Peer.InterfaceIndexAsync(OddLab.Wire));
        List<string> differences = [];
        foreach (var @case in OddCases.All)
        {
            var (from, to) = @case.Direction == Direction.Egress ? (vm, peer) : (peer, vm);
            differences.AddRange(Differences(lab, @case, from, to));
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    /// <summary>
    /// The kernel takes the outermost VLAN tag off before the filter sees the frame: the packet in it is judged. What
    /// is tagged twice stays unread.
    /// </summary>
    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task Of_tagged_frames_the_packet_inside_is_judged_and_of_frames_tagged_twice_nothing(AttachMode mode)
    {
        await using var lab = await OddLab.CreateAsync(mode, OddCases.Persona);
        using var vm = new Station(lab.Vm, await lab.Vm.InterfaceIndexAsync(OddLab.Wire));
        using var peer = new Station(lab.Peer, await lab.Peer.InterfaceIndexAsync(OddLab.Wire));
        var packets = OddCases.All.Single(@case => @case.Name == "a first part to a denied port");
        var unsupported = lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.UnsupportedEthertype);
        var denied = lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.DeniedRule);
        var good = packets.Good[^1];

        peer.Send(Tagged(packets.Bad[^1], 0x8100));
        peer.Send(Tagged(Tagged(good, 0x8100), 0x88a8));
        peer.Send(Tagged(good, 0x8100));

        Assert.True(vm.Receives(good, Patience));
        Assert.Equal(denied + 1, lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.DeniedRule));
        Assert.Equal(
            unsupported + 1, lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.UnsupportedEthertype));
    }

    private static IEnumerable<string> Differences(OddLab lab, OddCase @case, Station from, Station to)
    {
        var before = lab.Count(@case.Direction, AbiVerdict.Dropped, @case.Reason);
        foreach (var frame in @case.Bad)
        {
            from.Send(frame);
        }

        foreach (var frame in @case.Good)
        {
            from.Send(frame);
        }

        // In order on the same way: what is not there by now does not come any more.
        if (!to.Receives(@case.Good[^1], Patience))
        {
            yield return $"{@case}: made right, it did not arrive";
        }

        if (@case.Bad.Count == 0)
        {
            yield break;
        }

        if (to.Received(@case.Bad[^1]))
        {
            yield return $"{@case}: it arrived";
        }

        var counted = lab.Count(@case.Direction, AbiVerdict.Dropped, @case.Reason) - before;
        if (counted != 1)
        {
            yield return $"{@case}: counted {counted} times as {@case.Reason}";
        }
    }

    /// <summary>IEEE 802.1Q: VLAN 7.</summary>
    private static byte[] Tagged(byte[] frame, ushort ethertype) =>
        [.. frame[..12], (byte)(ethertype >> 8), (byte)ethertype, 0, 7, .. frame[12..]];

    /// <summary>Sends frames from an interface, and keeps those that come in behind its filters.</summary>
    private sealed class Station : IDisposable
    {
        private static readonly ushort[] Ethertypes =
            [0x0800, 0x86dd, 0x0806, 0x88cc, 0x8864, 0x8847, 0x8137, 0x0004, 0x8100];

        private readonly RawSocket _sender;
        private readonly FrameReceiver[] _receivers;
        private readonly HashSet<string> _received = [];

        public Station(LabHost host, int interfaceIndex)
        {
            _sender = new RawSocket(host, interfaceIndex);
            _receivers = [.. Ethertypes.Select(ethertype => new FrameReceiver(host, interfaceIndex, ethertype))];
        }

        public void Send(byte[] frame) =>
            _sender.Send(frame, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)));

        /// <summary>Waits for this frame.</summary>
        public bool Receives(byte[] frame, TimeSpan patience)
        {
            var receiver = _receivers[Math.Max(
                0, Array.IndexOf(Ethertypes, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12))))];
            _received.Clear();
            while (receiver.Receive(patience) is { } next)
            {
                _received.Add(Convert.ToHexString(next));
                if (next.AsSpan().SequenceEqual(frame))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Whether this frame is among those that came since <see cref="Receives"/> was called.</summary>
        public bool Received(byte[] frame)
        {
            foreach (var receiver in _receivers)
            {
                while (receiver.Receive(TimeSpan.Zero) is { } next)
                {
                    _received.Add(Convert.ToHexString(next));
                }
            }

            return _received.Contains(Convert.ToHexString(frame));
        }

        public void Dispose()
        {
            _sender.Dispose();
            Array.ForEach(_receivers, receiver => receiver.Dispose());
        }
    }
}
