using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Conntrack;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>Conntrack's tables in the kernel.</summary>
internal sealed class KernelFlows(BpfObject filter)
{
    private readonly BpfMap[] _tables = [.. Tables(filter)];

    public void Clear()
    {
        foreach (var table in _tables)
        {
            foreach (var key in table.Keys<FlowKey>().ToList())
            {
                table.Delete(key);
            }
        }
    }

    public void Delete(CasePacket packet)
    {
        var key = FlowKeys.Of(packet);
        foreach (var table in _tables)
        {
            table.Delete(key);
        }
    }

    public FlowSnapshot? Read(CasePacket packet)
    {
        var key = FlowKeys.Of(packet);
        foreach (var table in _tables)
        {
            if (table.TryLookup(key, out Flow flow))
            {
                return Snapshot(flow);
            }
        }

        return null;
    }

    private static FlowSnapshot Snapshot(Flow flow) => throw new NotImplementedException(flow.ToString());

    private static IEnumerable<BpfMap> Tables(BpfObject filter) =>
        new[] { "flows", "new_flows" }.Where(filter.Maps.ContainsKey).Select(filter.Map);
}
