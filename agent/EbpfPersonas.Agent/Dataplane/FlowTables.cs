using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>Conntrack's maps: sized and set up before the filter is loaded, counted afterwards.</summary>
public sealed class FlowTables : IDisposable
{
    // A check for each flow, and as many that wait for their turn to be found without one.
    private const int ChecksPerFlow = 2;

    // All checks of a full table come round in 64 intervals of a quarter of a second.
    private const int Intervals = 64;
    private const int IntervalsChecksMin = 64;

    // The kernel wants a frame (BPF_PROG_TEST_RUN); the program does not look at it.
    private static readonly byte[] AnyFrame = new byte[64];

    // A walk over tens of thousands of flows must not keep a switch waiting, only the end of the filter.
    private readonly Lock _walk = new();
    private readonly BpfMap _flows;
    private readonly BpfMap _newFlows;
    private bool _disposed;

    /// <summary>Takes the maps of a loaded <paramref name="filter"/>, which is borrowed.</summary>
    public FlowTables(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        (_flows, _newFlows) = (filter.Map("flows"), filter.Map("new_flows"));
    }

    /// <summary>Confirmed flows that the kernel has room for.</summary>
    public uint Capacity => _flows.MaxEntries;

    /// <summary>Flows that are not confirmed, likewise.</summary>
    public uint NewCapacity => _newFlows.MaxEntries;

    /// <summary>To be called before <paramref name="filter"/> is loaded.</summary>
    public static void Configure(BpfObject filter, ConntrackOptions options)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Flows, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.NewFlows, 1024);
        filter.Map("flows").MaxEntries = (uint)options.Flows;
        filter.Map("new_flows").MaxEntries = (uint)options.NewFlows;
        filter.Map("flow_checks").MaxEntries = (uint)options.Flows * ChecksPerFlow;
        filter.SetConstant("flow_checks_per_interval", (uint)Math.Max(options.Flows / Intervals, IntervalsChecksMin));
        filter.SetConstant("tcp_opening_s", options.TcpOpening);
        filter.SetConstant("tcp_established_s", options.TcpEstablished);
        filter.SetConstant("tcp_closing_s", options.TcpClosing);
        filter.SetConstant("tcp_closed_s", options.TcpClosed);
        filter.SetConstant("unanswered_s", options.Unanswered);
        filter.SetConstant("udp_s", options.Udp);
        filter.SetConstant("icmp_s", options.Icmp);
        filter.SetConstant("other_s", options.Other);
    }

    /// <summary>
    /// Starts the kernel's timer by which flows expire, whether this process lives or not; throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public static void StartExpiry(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.Program("start_flow_expiry").TestRun(AnyFrame) != 0)
        {
            throw new InvalidOperationException("The timer for conntrack's expiry could not be started.");
        }
    }

    /// <summary>Flows in both tables now. Takes milliseconds where there are tens of thousands.</summary>
    public (long Confirmed, long New) Count()
    {
        lock (_walk)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return (_flows.Keys<FlowKey>().LongCount(), _newFlows.Keys<FlowKey>().LongCount());
        }
    }

    /// <summary>Waits for whoever counts; the filter may end then.</summary>
    public void Dispose()
    {
        lock (_walk)
        {
            _disposed = true;
        }
    }
}
