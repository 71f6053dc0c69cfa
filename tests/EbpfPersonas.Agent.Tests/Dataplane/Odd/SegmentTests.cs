using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>
/// What the stack hands to the filter in one and the wire carries in segments (TSO, UDP GSO, GRO) is counted as on the
/// wire.
/// </summary>
public sealed class SegmentTests
{
    private const int TcpPort = 5000;
    private const int UdpPort = 5001;
    private const int Volume = 2_000_000;
    private const int Datagrams = 11;
    private const int DatagramLength = 1000;
    private const int Ethernet = 14;
    private const int SOL_UDP = 17, UDP_SEGMENT = 103; // include/uapi/linux/udp.h

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly Persona OpenPorts = new()
    {
        Name = "open-ports",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            Allow("tcp", Direction.Ingress, IpProtocol.Tcp, TcpPort),
            Allow("tcp-out", Direction.Egress, IpProtocol.Tcp, TcpPort),
            Allow("udp", Direction.Ingress, IpProtocol.Udp, UdpPort),
            Allow("udp-out", Direction.Egress, IpProtocol.Udp, UdpPort),
        ],
    };

    public static TheoryData<AttachMode, bool> Ways => new()
    {
        { AttachMode.Tcx, false }, { AttachMode.Tcx, true }, { AttachMode.Clsact, false }, { AttachMode.Clsact, true },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Segments_that_are_cut_behind_the_filter_are_counted_as_they_leave(AttachMode mode, bool isV6) =>
        AssertEmpty(await CutBehindTheFilterAsync(mode, isV6));

    /// <summary>IPv6 has options meanwhile that no segment has.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Segments_of_what_is_longer_than_its_length_field_says_are_counted_as_they_leave(bool isV6) =>
        AssertEmpty(await CutBehindTheFilterAsync(AttachMode.Auto, isV6, size: 200_000));

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Segments_that_nobody_cuts_are_counted_as_their_receiver_does(AttachMode mode, bool isV6) =>
        AssertEmpty(await NeverCutAsync(mode, isV6));

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Segments_that_were_put_together_are_counted_as_they_came(AttachMode mode, bool isV6) =>
        AssertEmpty(await PutTogetherAsync(mode, isV6));

    /// <summary>And with it that the filter did see many segments in one.</summary>
    [Fact]
    public async Task A_filter_that_counts_them_as_one_is_caught_everywhere()
    {
        var broken = TestObjects.Program("segments_uncounted");

        Assert.Equal(2, (await CutBehindTheFilterAsync(AttachMode.Auto, false, broken)).Count);
        Assert.Equal(2, (await NeverCutAsync(AttachMode.Auto, false, broken)).Count);
        Assert.NotEmpty(await PutTogetherAsync(AttachMode.Auto, false, broken));
    }

    /// <summary>As they come from a virtual machine's host: without the number of segments.</summary>
    [Theory]
    [InlineData("verdict", Datagrams)]
    [InlineData("segments_uncounted", 1)]
    public async Task Segments_of_which_nobody_says_how_many_they_are_are_counted(string program, int packets)
    {
        await using var lab = await OddLab.CreateAsync(AttachMode.Auto, OpenPorts, TestObjects.Program(program));
        using var tunnel = new TunDevice(lab.Vm, "tun0", hasOffloadHeader: true);
        await lab.Vm.RunAsync("ip", "link", "set", "tun0", "up");
        lab.Vm.RunInside(() => { lab.Dataplane.Attach(); return true; });
        var packet = Segments(Datagrams * DatagramLength);

        tunnel.Write([.. OffloadHeader(headers: 40), .. packet]);

        var headers = packets * 40;
        Assert.Equal(new PacketCount((ulong)packets, (ulong)(packet.Length - 40 + headers)), lab.Decided("tcp"));
    }

    private static void AssertEmpty(List<string> differences) =>
        Assert.True(differences.Count == 0, string.Join("; ", differences));

    /// <summary>One interface alone, so that what is counted passed it.</summary>
    private static async Task<OddLab> CreateLabAsync(AttachMode mode, byte[]? filter)
    {
        var lab = await OddLab.CreateAsync(mode, OpenPorts, filter);
        await lab.Vm.RunAsync("ip", "link", "del", OddLab.Wire);
        return lab;
    }

    private static async Task<List<string>> CutBehindTheFilterAsync(
        AttachMode mode, bool isV6, byte[]? filter = null, uint size = 65536)
    {
        await using var lab = await CreateLabAsync(mode, filter);
        BigTcp.TurnOn(lab.Vm, await lab.Vm.InterfaceIndexAsync("eth0"), size);
        Offload.TurnChecksumsOff(lab.Vm, "eth0");
        var read = async () => LinkCounters.Parse(await lab.Vm.RunAsync("ip", "-j", "-s", "link", "show", "eth0"));
        List<string> differences = [];
        await CompareWithWireAsync(lab, Direction.Egress, isV6, read, differences);
        CompareDatagrams(lab, Direction.Egress, isV6, differences);
        return differences;
    }

    private static async Task<List<string>> PutTogetherAsync(AttachMode mode, bool isV6, byte[]? filter = null)
    {
        await using var lab = await CreateLabAsync(mode, filter);
        // The other end of the VM's interface cuts up, or nothing would be put together (drivers/net/veth.c).
        Offload.TurnChecksumsOff(lab.Lab.HubHost, "vm");
        Offload.TurnReceiveOn(lab.Vm, "eth0");
        var read = async () =>
        {
            var port = LinkCounters.Parse(await lab.Lab.RunInHubAsync("ip", "-j", "-s", "link", "show", "vm"));
            // There what is to be put together is counted without its Ethernet header.
            return port with { SentOctets = port.SentOctets + (port.SentFrames * Ethernet) };
        };
        List<string> differences = [];
        await CompareWithWireAsync(lab, Direction.Ingress, isV6, read, differences);
        return differences;
    }

    private static async Task<List<string>> NeverCutAsync(AttachMode mode, bool isV6, byte[]? filter = null)
    {
        await using var lab = await CreateLabAsync(mode, filter);
        List<string> differences = [];
        await TransferAsync(lab, Direction.Ingress, isV6, async (receiver, transfer) =>
        {
            var (before, segmentsBefore) = (Counted(), TcpInfo.ReadSegmentsIn(receiver));
            await transfer();
            Expect(differences, "TCP", TcpInfo.ReadSegmentsIn(receiver) - segmentsBefore, Counted() - before);
        });
        CompareDatagrams(lab, Direction.Ingress, isV6, differences);
        return differences;

        ulong Counted() => lab.Count(Direction.Ingress, AbiVerdict.Forwarded, Reason.Established);
    }

    /// <summary>All that passes the interface in this direction, with a TCP transfer among it.</summary>
    private static async Task CompareWithWireAsync(
        OddLab lab, Direction direction, bool isV6, Func<Task<LinkCounters>> read, List<string> differences)
    {
        var before = await ReadAtOnceAsync(lab, direction, read);
        await TransferAsync(lab, direction, isV6, (_, transfer) => transfer());
        var after = await ReadAtOnceAsync(lab, direction, read);

        var segments = after.Wire.SentFrames - before.Wire.SentFrames;
        Assert.True(segments > Volume / 1500, $"{segments} segments");
        Expect(
            differences,
            "TCP",
            new PacketCount(segments, after.Wire.SentOctets - before.Wire.SentOctets),
            new PacketCount(
                after.Counted.Packets - before.Counted.Packets, after.Counted.Bytes - before.Counted.Bytes));
    }

    /// <summary>Both counters in a moment in which nothing passed.</summary>
    private static async Task<(PacketCount Counted, LinkCounters Wire)> ReadAtOnceAsync(
        OddLab lab, Direction direction, Func<Task<LinkCounters>> read)
    {
        (PacketCount Counted, LinkCounters Wire) before, after = default;
        do
        {
            before = after;
            after = (lab.Passed(direction), await read());
        }
        while (before != after);

        return after;
    }

    private static async Task TransferAsync(
        OddLab lab, Direction direction, bool isV6, Func<Socket, Func<Task>, Task> use)
    {
        var (from, to, target) = Ends(lab, direction, isV6);
        using var listener = to.Listen(target, TcpPort);
        using var sender = await from.ConnectAsync(target, TcpPort, Patience);
        using var receiver = await listener.AcceptAsync();
        receiver.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        await use(receiver, async () =>
        {
            var sending = Task.Run(() => sender.Send(new byte[Volume]));
            var buffer = new byte[Volume];
            for (var received = 0; received < Volume;)
            {
                received += receiver.Receive(buffer);
            }

            await sending;
        });
    }

    /// <summary>Of datagrams of one send every number is known.</summary>
    private static void CompareDatagrams(OddLab lab, Direction direction, bool isV6, List<string> differences)
    {
        var (from, to, target) = Ends(lab, direction, isV6);
        var ip = IPAddress.Parse(target);
        using var receiver = to.BindUdp(target, UdpPort);
        using var sender = from.OpenSocket(ip.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        sender.SetRawSocketOption(SOL_UDP, UDP_SEGMENT, BitConverter.GetBytes(DatagramLength));
        sender.SendTo(new byte[Datagrams * DatagramLength], new IPEndPoint(ip, UdpPort));

        receiver.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        for (var i = 0; i < Datagrams; i++)
        {
            Assert.Equal(DatagramLength, receiver.Receive(new byte[2 * DatagramLength]));
        }

        var octets = Datagrams * (Ethernet + (isV6 ? 40 : 20) + 8 + DatagramLength);
        Expect(
            differences, "UDP", new PacketCount(Datagrams, (ulong)octets),
            lab.Decided(direction == Direction.Ingress ? "udp" : "udp-out"));
    }

    private static void Expect<T>(List<string> differences, string what, T expected, T counted)
        where T : IEquatable<T>
    {
        if (!expected.Equals(counted))
        {
            differences.Add($"{what}: {expected}, counted {counted}");
        }
    }

    private static (LabHost From, LabHost To, string Target) Ends(OddLab lab, Direction direction, bool isV6) =>
        direction == Direction.Egress
            ? (lab.Vm, lab.Peer, isV6 ? "2001:db8::10" : "10.0.0.10")
            : (lab.Peer, lab.Vm, isV6 ? "2001:db8::5" : "10.0.0.5");

    /// <summary>struct virtio_net_hdr: TCP over IPv4, its checksum left open.</summary>
    private static byte[] OffloadHeader(byte headers) =>
        [1, 1, headers, 0, .. BitConverter.GetBytes((ushort)DatagramLength), 20, 0, 16, 0];

    private static byte[] Segments(int payload)
    {
        var packet = new byte[40 + payload];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        (packet[8], packet[9]) = (64, 6);
        new byte[] { 10, 0, 0, 77, 10, 0, 0, 5, 0, 9, TcpPort >> 8, TcpPort & 0xff }.CopyTo(packet, 12);
        (packet[32], packet[33]) = (0x50, 0x10);
        return packet;
    }

    private static Rule Allow(string id, Direction direction, byte protocol, int port) => new()
    {
        Id = id,
        Direction = direction,
        Action = RuleAction.Allow,
        List = RuleList.FirewallRules,
        Protocol = protocol,
        Ports = [new PortRange((ushort)port, (ushort)port)],
    };
}
