using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>Where there is no link-layer header, senders are told as well, and just as well.</summary>
public sealed class RejectTunnelTests : IAsyncLifetime
{
    private const string Remote = "192.0.2.1";
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(900);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private Lab _lab = null!;
    private LabHost _vm = null!;
    private TunDevice _tunnel = null!;
    private PersonaDataplane _dataplane = null!;

    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        _vm = await _lab.AddHostAsync("vm");
        _tunnel = new TunDevice(_vm, "tun0");
        await _vm.RunAsync(
            "sh", "-c",
            $"ip address add {CasePacket.LocalV4}/32 dev tun0 && ip address add {CasePacket.LocalV6}/128 dev tun0 " +
            "nodad && ip link set tun0 up && ip route add default dev tun0 && ip -6 route add default dev tun0");
        _dataplane = _vm.RunInside(() =>
        {
            var loaded = PersonaDataplane.Load(new DataplaneOptions());
            loaded.Attach();
            return loaded;
        });
        _dataplane.Apply(1, RejectTests.Strict(allowed: 5000, rejected: 5001));
    }

    public async Task DisposeAsync()
    {
        _dataplane.Dispose();
        _tunnel.Dispose();
        await _lab.DisposeAsync();
    }

    [Theory]
    [InlineData("tcp 192.0.2.1:40000 > local:5001")]
    [InlineData("udp 192.0.2.1:40000 > local:5001 payload=30")]
    [InlineData("tcp [2001:db8::9]:40000 > local:5001")]
    [InlineData("udp [2001:db8::9]:40000 > local:5001 payload=30")]
    public void What_comes_in_by_a_tunnel_is_answered_by_it(string line)
    {
        var packet = PacketParser.Parse(line);

        // The twin: a packet of the port that is allowed, where nobody listens, is answered by the stack itself.
        _tunnel.Write(Frame.BuildIp(packet with { LocalPort = 5000 }));
        var ofTheStack = ReadNext(sent => IsAnswerTo(packet, sent));
        _tunnel.Write(Frame.BuildIp(packet));
        var ours = ReadNext(sent => IsAnswerTo(packet, sent));

        Assert.Equal(Meaning(ofTheStack, packet), Meaning(ours, packet));
    }

    [Fact]
    public async Task What_goes_out_by_a_tunnel_is_refused_at_once()
    {
        Assert.Equal(SocketError.ConnectionRefused, await _vm.TryConnectAsync(Remote, 5001, AtOnce));
        using var socket = _vm.OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(Remote), 5001);
        socket.ReceiveTimeout = (int)AtOnce.TotalMilliseconds;
        socket.Send(new byte[10]);
        Assert.Equal(
            SocketError.ConnectionRefused,
            Assert.Throws<SocketException>(() => socket.Receive(new byte[10])).SocketErrorCode);

        // The twin: what is allowed goes out, and it was the first packet that did.
        Assert.Equal(SocketError.TimedOut, await _vm.TryConnectAsync(Remote, 5000, AtOnce));
        var first = ReadNext(packet => packet[0] >> 4 == 4);
        Assert.Equal(5000, BinaryPrimitives.ReadUInt16BigEndian(first.AsSpan(22)));
    }

    /// <summary>The next packet from the VM of a kind; the stack sends others of its own accord.</summary>
    private byte[] ReadNext(Func<byte[], bool> isMeant)
    {
        while (true)
        {
            var packet = _tunnel.Read(Patience);
            Assert.NotNull(packet);
            if (isMeant(packet))
            {
                return packet;
            }
        }
    }

    private static bool IsAnswerTo(CasePacket packet, byte[] sent) => packet.Remote.IsV6
        ? sent[0] >> 4 == 6 && sent.AsSpan(24, 16).SequenceEqual(packet.Remote.ToBytes())
        : sent[0] >> 4 == 4 && sent.AsSpan(16, 4).SequenceEqual(packet.Remote.ToBytes());

    /// <summary>Protocol, and what of the message does not depend on ports, identifiers and lifetimes.</summary>
    private static (byte Protocol, string Message) Meaning(byte[] answer, CasePacket packet)
    {
        var message = answer[(packet.Remote.IsV6 ? 40 : 20)..];
        return packet.Protocol == IpProtocol.Tcp
            ? (answer[packet.Remote.IsV6 ? 6 : 9], Convert.ToHexString(message[4..16]))
            : (answer[packet.Remote.IsV6 ? 6 : 9], Convert.ToHexString(message[..2]));
    }
}
