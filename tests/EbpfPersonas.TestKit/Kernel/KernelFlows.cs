using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Conntrack;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>Conntrack's tables in the kernel.</summary>
internal sealed class KernelFlows(BpfObject filter)
{
    /// <summary>bpf/abi/flow.h: TCP_SCALE_NONE.</summary>
    private const byte NoScale = 255;

    private readonly BpfMap _confirmed = filter.Map("flows");
    private readonly BpfMap _new = filter.Map("new_flows");

    public void Clear()
    {
        Clear(_confirmed);
        Clear(_new);
    }

    public void Delete(CasePacket packet)
    {
        var key = FlowKeys.Of(packet);
        _confirmed.Delete(key);
        _new.Delete(key);
    }

    public ConntrackSnapshot Read(CasePacket packet)
    {
        var key = FlowKeys.Of(packet);
        return new ConntrackSnapshot(Read(_confirmed, key), Read(_new, key));
    }

    private static void Clear(BpfMap table)
    {
        foreach (var key in table.Keys<FlowKey>().ToList())
        {
            table.Delete(key);
        }
    }

    private static FlowSnapshot? Read(BpfMap table, FlowKey key) => table.TryLookup(key, out Flow flow)
        ? new FlowSnapshot(
            (FlowMarks)flow.Marks,
            flow.Originator == (byte)PacketDirection.Egress ? Direction.Egress : Direction.Ingress,
            Read(flow.Side[(int)PacketDirection.Ingress]),
            Read(flow.Side[(int)PacketDirection.Egress]))
        : null;

    private static SideSnapshot Read(Agent.Abi.TcpSide side) =>
        new(side.End, side.MaxEnd, side.MaxWindow, side.Scale == NoScale ? null : side.Scale);
}
