using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.Agent.Tests.Sockets;

/// <summary>
/// The decision of the socket hooks, called directly, beside a filter whose maps it reads: its image is one of
/// bpf/tests/socket*.bpf.c.
/// </summary>
internal sealed class SocketJudge : IDisposable
{
    private readonly BpfObject _judge;

    public SocketJudge(KernelFilter filter, string program)
    {
        _judge = BpfObject.Open(TestObjects.Program(program), "judge");
        _judge.ShareMaps(filter.Dataplane.Filter);
        _judge.Load();
    }

    /// <summary>Whether the socket that would send this packet gets EPERM.</summary>
    public bool Refuses(CasePacket packet, bool isBound)
    {
        var request = new SocketRequest
        {
            Peer = AddressWords.From(packet.Remote),
            PeerPort = packet.RemotePort,
            LocalPort = isBound ? packet.LocalPort : (ushort)0,
            Family = (byte)(packet.Remote.IsV6 ? AddressFamily.Ipv6 : AddressFamily.Ipv4),
            Protocol = packet.Protocol,
        };
        return _judge.Program("judge_socket").Call(ref request) != 0;
    }

    public void Dispose() => _judge.Dispose();
}
