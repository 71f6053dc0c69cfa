using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>
/// Where agents reach this controller, as far as it can know: none where it listens on loopback, behind a proxy or for
/// agents of its own machine, or on a port that the kernel chooses.
/// </summary>
internal sealed class AgentsAddresses(ControllerSettings settings)
{
    public ImmutableArray<(IpAddress Address, ushort Port)> All { get; } =
        settings.AgentsListen is { IsLoopback: false, Port: > 0 and var port } listen
            ? [.. Concrete(listen.Address).Select(address => (IpAddress.From(address), (ushort)port))]
            : [];

    /// <summary>The address, or for "any" those that the machine's interfaces have.</summary>
    private static IEnumerable<IPAddress> Concrete(IPAddress listen)
    {
        if (!listen.Equals(IPAddress.Any) && !listen.Equals(IPAddress.IPv6Any))
        {
            return [listen];
        }

        return NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal
                && (address.AddressFamily == AddressFamily.InterNetwork || listen.Equals(IPAddress.IPv6Any)))
            .OrderBy(address => address.ToString(), StringComparer.Ordinal);
    }
}
