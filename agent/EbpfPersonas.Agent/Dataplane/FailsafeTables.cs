using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// The failsafe's two tables: the one that is not in use is written, then the index is flipped. Not for several threads
/// at once.
/// </summary>
public sealed class FailsafeTables : IDisposable
{
    /// <summary>How many flows the failsafe can name.</summary>
    public const int EntriesMax = 64;

    private readonly BpfMap _tables;
    private readonly MemoryMap _inUse;
    private readonly GracePeriod _grace;

    /// <summary>Maps the filter's maps; <paramref name="grace"/> is borrowed.</summary>
    public FailsafeTables(BpfObject filter, GracePeriod grace)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _tables = filter.Map("failsafe");
        _inUse = filter.Map("failsafe_in_use").MapMemory();
        _grace = grace;
    }

    /// <summary>
    /// Puts <paramref name="flows"/> in place of all there are; throws <see cref="ArgumentException"/> for more than
    /// 64.
    /// </summary>
    public void Replace(IReadOnlyList<FailsafeFlow> flows)
    {
        ArgumentNullException.ThrowIfNull(flows);
        if (flows.Count > EntriesMax)
        {
            throw new ArgumentException($"The failsafe holds {EntriesMax} flows, not {flows.Count}.", nameof(flows));
        }

        var table = new FailsafeTable { Count = (uint)flows.Count };
        for (var i = 0; i < flows.Count; i++)
        {
            table.Entry[i] = Entry(flows[i]);
        }

        ref var inUse = ref _inUse.Values<ulong>()[0];
        var next = 1 - inUse;

        // Nobody may still read the table that was in use before the last flip.
        _grace.Wait();
        _tables.Update((uint)next, table);
        Volatile.Write(ref inUse, next);
    }

    /// <inheritdoc/>
    public void Dispose() => _inUse.Dispose();

    private static FailsafeEntry Entry(FailsafeFlow flow) => new()
    {
        Peer = AddressWords.From(flow.Peer.Address),
        Mask = AddressWords.From(
            new IpAddress(flow.Peer.Address.IsV6, Prefix.Mask(flow.Peer.Address.IsV6, flow.Peer.Length))),
        PortFirst = flow.Ports.First,
        PortLast = flow.Ports.Last,
        Direction = (byte)(flow.Direction == Direction.Ingress ? PacketDirection.Ingress : PacketDirection.Egress),
        Family = (byte)(flow.Peer.Address.IsV6 ? AddressFamily.Ipv6 : AddressFamily.Ipv4),
        Protocol = flow.Protocol,
    };
}
