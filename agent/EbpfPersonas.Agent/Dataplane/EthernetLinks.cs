using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Tells the filter which interfaces put an Ethernet header in front of packets: only there it may count the octets to
/// the network header itself. Interfaces that it is not told of, or whose index is too high, cost more, and that is
/// all.
/// </summary>
public sealed class EthernetLinks
{
    private readonly BpfMap _links;

    /// <summary>Takes the map "ethernet_links" of <paramref name="filter"/>, which is borrowed.</summary>
    public EthernetLinks(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _links = filter.Map("ethernet_links");
    }

    /// <summary>To be called before a filter is hung on the interface; throws <see cref="BpfException"/>.</summary>
    public void Set(int interfaceIndex, bool isEthernet)
    {
        if ((uint)interfaceIndex < _links.MaxEntries)
        {
            _links.Update((uint)interfaceIndex, isEthernet ? 1u : 0u);
        }
    }
}
