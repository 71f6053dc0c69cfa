using System.Collections.Immutable;
using System.Net;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>
/// Where agents reach this controller, as far as it can know: the address that it listens on, or where it listens on
/// any, those that agents have come by. None where that is loopback: a proxy stands before it. For several threads.
/// </summary>
internal sealed class AgentsAddresses(ControllerSettings settings)
{
    /// <summary>More than a controller has; what agents come by must not grow for ever.</summary>
    private const int Max = 16;

    private ImmutableHashSet<(IpAddress Address, ushort Port)> _all =
        settings.AgentsListen is { Port: > 0 and var port } listen && !IsVague(listen.Address)
            ? [(IpAddress.From(listen.Address), (ushort)port)]
            : [];

    public IReadOnlyCollection<(IpAddress Address, ushort Port)> All => _all;

    /// <summary>An agent's connection ends at this address of ours.</summary>
    public void CameBy(IPAddress? address, int port)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        if (address is not null && !IsVague(address) && !address.IsIPv6LinkLocal && _all.Count < Max)
        {
            ImmutableInterlocked.Update(ref _all, all => all.Add((IpAddress.From(address), (ushort)port)));
        }
    }

    private static bool IsVague(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
