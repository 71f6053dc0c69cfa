using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.TestKit.Survival;

/// <summary>
/// Packets that each begin a flow of their own, as fast as they can be sent, past the sender's sockets.
/// </summary>
public sealed class Flood : IDisposable
{
    private const int AddressBits = 16;
    private const ushort FirstPort = 10000;

    private readonly RawSocket _socket;
    private readonly byte[] _hardware;
    private readonly CasePacket _first;

    private Flood(RawSocket socket, byte[] hardware, CasePacket first) =>
        (_socket, _hardware, _first) = (socket, hardware, first);

    /// <summary>A peer sprays SYNs from many addresses at a port of the VM, which has the cases' own address.</summary>
    public static Task<Flood> OfSynsAsync(LabHost peer, LabHost vm, int port) =>
        BetweenAsync(peer, vm, PacketParser.Parse($"tcp 10.1.0.1:30000 > local:{port}"));

    /// <summary>A program of the VM sprays datagrams at a port of many addresses, by way of the peer.</summary>
    public static Task<Flood> OfDatagramsAsync(LabHost vm, LabHost peer, int port) =>
        BetweenAsync(vm, peer, PacketParser.Parse($"udp local:30000 > 10.1.0.1:{port} payload=10"));

    /// <summary>Sends <paramref name="count"/> of them on a thread of its own; no two are of one flow.</summary>
    public Task SprayAsync(int count) => Task.Factory.StartNew(
        () =>
        {
            for (var number = 0; number < count; number += Send(number) ? 1 : 0)
            {
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    public void Dispose() => _socket.Dispose();

    private static async Task<Flood> BetweenAsync(LabHost from, LabHost to, CasePacket first) => new(
        new RawSocket(from, await from.InterfaceIndexAsync("eth0")), await to.HardwareAddressAsync("eth0"), first);

    private bool Send(int number)
    {
        var port = (ushort)(FirstPort + (number >> AddressBits));
        var inward = _first.Direction == Direction.Ingress;
        var frame = Frame.Build(_first with
        {
            Remote = new IpAddress(false, 0x0a01_0000u + ((uint)number & ((1u << AddressBits) - 1))),
            RemotePort = inward ? port : _first.RemotePort,
            LocalPort = inward ? _first.LocalPort : port,
        });
        _hardware.CopyTo(frame, 0);
        return _socket.Send(frame, 0x0800);
    }
}
