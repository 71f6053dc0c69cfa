using System.Net;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Odd;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>
/// Jumbo frames, and packets of which a driver or a packet socket has put headers into pages, where the filter cannot
/// look without asking for it.
/// </summary>
public sealed class PagedHeaderTests
{
    private const int Jumbo = 9000;
    private const int Ethernet = 14;

    // Larger than a page, or all of a packet would be in one piece.
    private const int Payload = 5000;
    private const string AllowedPort = "4445";
    private const string DeniedPort = "4444";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly string[] Incoming =
    [
        "udp 10.0.0.77:9 > local:PORT", "tcp 10.0.0.77:9 > local:PORT",
        "udp 10.0.0.77:9 > local:PORT options=40",
        "udp [2001:db8::77]:9 > local:PORT", "tcp [2001:db8::77]:9 > local:PORT",
        "udp [2001:db8::77]:9 > local:PORT ext=hopopts",
    ];

    private static readonly string[] Outgoing =
    [
        "udp local:9 > 10.0.0.77:PORT", "tcp local:9 > 10.0.0.77:PORT",
        "udp local:9 > [2001:db8::77]:PORT ext=ah", "tcp local:9 > [2001:db8::77]:PORT",
    ];

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task Of_frames_that_lie_in_pages_the_ports_are_judged(AttachMode mode)
    {
        await using var lab = await CreateLabAsync(mode);
        var differences = await DifferencesAsync(lab, Direction.Ingress, Incoming);
        differences.AddRange(await DifferencesAsync(lab, Direction.Egress, Outgoing));
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public async Task A_filter_that_does_not_look_into_pages_is_caught()
    {
        await using var lab = await CreateLabAsync(AttachMode.Auto, TestObjects.Program("pages_unread"));
        Assert.NotEmpty(await DifferencesAsync(lab, Direction.Ingress, Incoming[..1]));
        Assert.NotEmpty(await DifferencesAsync(lab, Direction.Egress, Outgoing[..1]));
        Assert.Equal(0UL, lab.Count(Direction.Ingress, AbiVerdict.Forwarded, Reason.DefaultAllow));
    }

    /// <summary>Wherever a driver cuts: in the IP header, behind it, in the transport header.</summary>
    [Theory]
    [InlineData("verdict", false)]
    [InlineData("pages_unread", true)]
    public async Task Of_packets_cut_anywhere_in_their_headers_the_ports_are_judged(string program, bool isBroken)
    {
        await using var lab = await CreateLabAsync(AttachMode.Auto, TestObjects.Program(program));
        using var tunnel = new TunDevice(lab.Vm, "tun0", hasOffloadHeader: true);
        await lab.Vm.RunAsync("ip", "link", "set", "tun0", "mtu", "9000", "up");
        lab.Vm.RunInside(() =>
        {
            lab.Dataplane.Attach();
            return true;
        });
        ulong allowed = 0, denied = 0;
        foreach (var text in Incoming)
        {
            var (good, bad) = (Build(text, AllowedPort)[Ethernet..], Build(text, DeniedPort)[Ethernet..]);
            for (ushort linear = 1; linear < 88; linear += 3)
            {
                tunnel.Write([.. OffloadHeader(linear), .. good]);
                tunnel.Write([.. OffloadHeader(linear), .. bad]);
                (allowed, denied) = (allowed + 1, denied + 1);
            }
        }

        var passed = lab.Count(Direction.Ingress, AbiVerdict.Forwarded, Reason.DefaultAllow)
            + lab.Count(Direction.Ingress, AbiVerdict.Forwarded, Reason.Established);
        var dropped = lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.DeniedRule);
        Assert.Equal(!isBroken, (passed, dropped) == (allowed, denied));
        Assert.Equal(isBroken, lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.Truncated) > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Jumbo_frames_of_a_file_and_of_a_datagram_pass_whole(bool isV6)
    {
        await using var lab = await CreateLabAsync(AttachMode.Auto);
        foreach (var (host, last) in new[] { (lab.Vm, "5"), (lab.Peer, "10") })
        {
            await host.RunAsync("ip", "address", "add", $"10.0.1.{last}/24", "dev", OddLab.Wire);
            await host.RunAsync("ip", "address", "add", $"2001:db8:1::{last}/64", "dev", OddLab.Wire, "nodad");
        }

        var target = isV6 ? "2001:db8:1::10" : "10.0.1.10";
        using var receiver = lab.Peer.BindUdp(target, 5000);
        using var listener = lab.Peer.Listen(target, 5000);
        using (var datagrams = lab.Vm.BindUdp(isV6 ? "2001:db8:1::5" : "10.0.1.5", 0))
        {
            datagrams.SendTo(new byte[8900], new IPEndPoint(IPAddress.Parse(target), 5000));
        }

        receiver.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        Assert.Equal(8900, receiver.Receive(new byte[Jumbo]));

        using var sender = await lab.Vm.ConnectAsync(target, 5000, Patience);
        using var connection = await listener.AcceptAsync();
        connection.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, new byte[1_000_000]);
            var sending = Task.Run(() => sender.SendFile(file));
            for (int received = 0, next = 1; received < 1_000_000; received += next)
            {
                next = connection.Receive(new byte[100_000]);
                Assert.NotEqual(0, next);
            }

            await sending;
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal(0UL, lab.Count(Direction.Egress, AbiVerdict.Dropped));
    }

    private static async Task<OddLab> CreateLabAsync(AttachMode mode, byte[]? filter = null)
    {
        var lab = await OddLab.CreateAsync(mode, OddCases.Persona, filter);
        foreach (var host in new[] { lab.Vm, lab.Peer })
        {
            await host.RunAsync("ip", "link", "set", OddLab.Wire, "mtu", "9000");
        }

        return lab;
    }

    private static async Task<List<string>> DifferencesAsync(OddLab lab, Direction direction, string[] packets)
    {
        var (from, to) = direction == Direction.Egress ? (lab.Vm, lab.Peer) : (lab.Peer, lab.Vm);
        using var sender = new RawSocket(from, await from.InterfaceIndexAsync(OddLab.Wire));
        List<string> differences = [];
        foreach (var text in packets)
        {
            var (good, bad) = (Build(text, AllowedPort), Build(text, DeniedPort));
            var ethertype = (ushort)((good[12] << 8) | good[13]);
            using var receiver = new FrameReceiver(to, await to.InterfaceIndexAsync(OddLab.Wire), ethertype);
            var denied = lab.Count(direction, AbiVerdict.Dropped, Reason.DeniedRule);
            sender.Send(bad, ethertype);
            if (!sender.Send(good, ethertype) || receiver.Receive(Patience) is not { } arrived)
            {
                differences.Add($"{text}: it did not arrive");
            }
            else if (!arrived.AsSpan().SequenceEqual(good))
            {
                differences.Add($"{text}: another frame arrived");
            }

            if (lab.Count(direction, AbiVerdict.Dropped, Reason.DeniedRule) != denied + 1)
            {
                differences.Add($"{text}: its port was not denied");
            }
        }

        return differences;
    }

    private static byte[] Build(string text, string port) =>
        Frame.Build(PacketParser.Parse(text.Replace("PORT", port, StringComparison.Ordinal)) with
        {
            PayloadLength = Payload,
        });

    /// <summary>struct virtio_net_hdr: no segments, and how much of the packet is headers, in one piece.</summary>
    private static byte[] OffloadHeader(ushort linear) => [0, 0, .. BitConverter.GetBytes(linear), 0, 0, 0, 0, 0, 0];
}
