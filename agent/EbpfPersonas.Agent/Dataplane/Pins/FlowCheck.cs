using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// The queue of the flows that the kernel looks at again and again to see whether they have expired: one entry of
/// {key, serial} for each.
/// </summary>
internal sealed class FlowCheck
{
    private readonly BpfMap _queue;
    private readonly BtfMember _key;
    private readonly BtfMember _serial;
    private readonly BtfMember _flowSerial;
    private readonly byte[] _entry;

    private FlowCheck(BpfMap queue, BtfMember key, BtfMember serial, BtfMember flowSerial)
    {
        (_queue, _key, _serial, _flowSerial) = (queue, key, serial, flowSerial);
        _entry = new byte[queue.ValueSize];
    }

    /// <summary>That of <paramref name="filter"/>; null where it has none.</summary>
    public static FlowCheck? In(BpfObject filter) =>
        filter.Maps.TryGetValue("flow_checks", out var queue)
        && queue.ValueType is { } entry
        && entry.Member("key") is { } key
        && entry.Member("serial") is { } serial
        && filter.Map("flows").ValueType?.Member("serial") is { } flowSerial
            ? new FlowCheck(queue, key, serial, flowSerial)
            : null;

    /// <summary>The check that waits for what is there waits for <paramref name="flow"/> from now on.</summary>
    public void KeepSerial(ReadOnlySpan<byte> there, Span<byte> flow) =>
        there.Slice(_flowSerial.Offset, _flowSerial.Size).CopyTo(flow[_flowSerial.Offset..]);

    /// <summary>Adds a flow.</summary>
    public void Push(ReadOnlySpan<byte> key, ReadOnlySpan<byte> flow)
    {
        key[.._key.Size].CopyTo(_entry.AsSpan(_key.Offset));
        flow.Slice(_flowSerial.Offset, _flowSerial.Size).CopyTo(_entry.AsSpan(_serial.Offset, _serial.Size));
        _queue.TryUpdate([], _entry, onlyNew: false);
    }
}
