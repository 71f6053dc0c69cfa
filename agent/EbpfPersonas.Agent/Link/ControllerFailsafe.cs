using System.Net;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Link;

/// <summary>The flows without which a bad persona would cut the VM off from its controller.</summary>
internal static class ControllerFailsafe
{
    /// <summary>Addresses of one name that are let through and tried.</summary>
    public const int AddressesMax = 8;

    private const ushort DnsPort = 53;

    /// <summary>
    /// TCP to each of <paramref name="addresses"/> on the controller's port, and DNS to each of
    /// <paramref name="resolvers"/> (none where the controller is given by address).
    /// </summary>
    public static IEnumerable<FailsafeFlow> Flows(
        IEnumerable<IPAddress> addresses, int port, IEnumerable<IPAddress> resolvers) =>
        [
            .. addresses.Select(address => Egress(IpProtocol.Tcp, address, (ushort)port)),
            .. resolvers.Select(address => Egress(IpProtocol.Udp, address, DnsPort)),
            .. resolvers.Select(address => Egress(IpProtocol.Tcp, address, DnsPort)),
        ];

    private static FailsafeFlow Egress(byte protocol, IPAddress peer, ushort port)
    {
        var address = IpAddress.From(peer);
        return new FailsafeFlow(
            Direction.Egress, protocol, new Prefix(address, address.Width), new PortRange(port, port));
    }
}
