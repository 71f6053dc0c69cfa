using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.Agent.Tests.Dataplane.Interfaces;

/// <summary>
/// A network with a VM and a peer, a bpffs of its own, and filters that drop UDP over IPv4 in the VM.
/// </summary>
internal sealed class FilterLab : IAsyncDisposable
{
    private static readonly bool[] Directions = [true, false];

    private readonly Lab _lab;
    private readonly string _bpffs;

    private FilterLab(Lab lab, LabHost vm, LabHost peer, string bpffs, BpfObject filter) =>
        (_lab, Vm, Peer, _bpffs, Filter) = (lab, vm, peer, bpffs, filter);

    /// <summary>10.0.0.5 on eth0.</summary>
    public LabHost Vm { get; }

    /// <summary>10.0.0.10.</summary>
    public LabHost Peer { get; }

    public Lab Lab => _lab;

    public BpfObject Filter { get; }

    public string LinkDirectory => Path.Join(_bpffs, "links");

    public IReadOnlyList<string> Pins => Directory.Exists(LinkDirectory)
        ? [.. Directory.EnumerateFileSystemEntries(LinkDirectory).Select(path => Path.GetFileName(path)!).Order()]
        : [];

    public static async Task<FilterLab> CreateAsync()
    {
        var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
        var peer = await lab.AddHostAsync("peer", "10.0.0.10/24");
        var bpffs = Directory.CreateTempSubdirectory("ebpf-personas-links-").FullName;
        await RunningProcess.RunAsync("mount", "-t", "bpf", "bpf", bpffs);
        return new FilterLab(lab, vm, peer, bpffs, LoadFilter());
    }

    /// <summary>Another copy of the filter, as the next version of the agent would load it.</summary>
    public static BpfObject LoadFilter()
    {
        var filter = BpfObject.Open(TestObjects.Program("drops_udp"), "drops_udp");
        filter.Load();
        return filter;
    }

    /// <summary>Watches the VM's interfaces, and keeps the filters beyond its end.</summary>
    public InterfaceFilters Start(
        AttachMode mode, BpfObject? filter = null, bool pinned = true, Action<InterfaceFilters>? prepare = null) =>
        Vm.RunInside(() =>
        {
            var filters = new InterfaceFilters(filter ?? Filter, mode, pinned ? LinkDirectory : null);
            prepare?.Invoke(filters);
            try
            {
                filters.Start();
                return filters;
            }
            catch
            {
                filters.Dispose();
                throw;
            }
        });

    /// <summary>
    /// Whether our filters stand first in both directions of an interface of <paramref name="host"/>.
    /// </summary>
    public bool IsFiltered(LabHost host, int index, AttachMode mode, BpfObject? filter = null) =>
        host.RunInside(() => Directions.All(ingress =>
        {
            var program = (filter ?? Filter).Program(ingress ? "filter_ingress" : "filter_egress").Id;
            return mode == AttachMode.Tcx
                ? TcxChain.Read(index, ingress) is [{ ProgramId: var first }, ..] && first == program
                : List(index, ingress) is [{ ProgramId: var inQdisc }, ..] && inQdisc == program;
        }));

    /// <summary>Whether nothing at all hangs on an interface of <paramref name="host"/>.</summary>
    public static bool IsBare(LabHost host, int index) =>
        host.RunInside(() => Directions.All(ingress =>
            TcxChain.Read(index, ingress).Count == 0 && List(index, ingress).Count == 0));

    public ulong CountDropped(bool ingress) =>
        Filter.Map("dropped").TryLookup(ingress ? 0u : 1u, out ulong count) ? count : 0;

    public async ValueTask DisposeAsync()
    {
        Filter.Dispose();
        await _lab.DisposeAsync();
        await RunningProcess.RunAsync("umount", _bpffs);
        Directory.Delete(_bpffs);
    }

    private static IReadOnlyList<TcFilterEntry> List(int index, bool ingress)
    {
        using var route = new RouteSocket();
        return ClsactQdisc.List(route, index, ingress);
    }
}
