using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// Carries what maps of another layout hold over to <paramref name="filter"/>'s: keys and values field by field, by
/// name.
/// </summary>
internal sealed class MapCarrier(BpfObject filter)
{
    // Those that programs fill: what user space writes, it writes again, but the failsafe must never be empty.
    private static readonly string[] Tables = ["failsafe", "failsafe_in_use", "reject_buckets"];
    private static readonly string[] Hashes = ["flows", "new_flows", "expected_answers", "fragments"];

    /// <summary>Entries that went over, those that were there already apart.</summary>
    public long Carried { get; private set; }

    /// <summary>Why some did not go over, or null.</summary>
    public string? Missing { get; private set; }

    /// <summary>Arrays, before anything is attached to the new programs.</summary>
    public void CarryTables(PinnedLayout from)
    {
        foreach (var (source, target) in Pairs(from, Tables))
        {
            if (Conversion(source.ValueType, target.ValueType, target.Name) is not { } values)
            {
                continue;
            }

            var (value, converted) = (new byte[source.ValueSize], new byte[target.ValueSize]);
            for (uint i = 0; i < Math.Min(source.MaxEntries, target.MaxEntries); i++)
            {
                var key = BitConverter.GetBytes(i);
                if (source.TryLookup(key, value))
                {
                    values.Convert(value, converted);
                    target.TryUpdate(key, converted, onlyNew: false);
                }
            }
        }
    }

    /// <summary>
    /// Flows, and answers on their way. What is in the new maps already stays, unless <paramref name="onlyNew"/> is
    /// false.
    /// </summary>
    public void CarryFlows(PinnedLayout from, bool onlyNew)
    {
        foreach (var (source, target) in Pairs(from, Hashes))
        {
            if (Conversion(source.KeyType, target.KeyType, target.Name) is not { } keys
                || Conversion(source.ValueType, target.ValueType, target.Name) is not { } values)
            {
                continue;
            }

            var (key, value) = (new byte[target.KeySize], new byte[target.ValueSize]);
            var there = new byte[target.ValueSize];
            var check = target.Name == "flows" ? FlowCheck.In(filter) : null;
            source.ForEach((oldKey, oldValue) =>
            {
                keys.Convert(oldKey.Span, key);
                values.Convert(oldValue.Span, value);
                var isNew = target.TryUpdate(key, value, onlyNew: true);
                if (isNew)
                {
                    Carried++;
                    check?.Push(key, value);
                }
                else if (!onlyNew && target.TryLookup(key, there))
                {
                    check?.KeepSerial(there, value);
                    target.TryUpdate(key, value, onlyNew: false);
                }
            });
        }
    }

    private IEnumerable<(PinnedMap Source, BpfMap Target)> Pairs(PinnedLayout from, string[] names) =>
        from name in names
        let source = @from.Map(name)
        let target = filter.Maps.GetValueOrDefault(name)
        where source is not null && target is not null
        select (source, target);

    private BtfConversion? Conversion(BtfValue? from, BtfValue? to, string map)
    {
        if (from is not null && to is not null)
        {
            return new BtfConversion(from, to);
        }

        Missing = $"none from {map}, whose types the kernel does not know; TCP is picked up";
        return null;
    }
}
