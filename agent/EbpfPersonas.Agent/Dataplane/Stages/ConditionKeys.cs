using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>A map from what conditions want to the mask of those that want it.</summary>
internal sealed class ConditionKeys<TKey>(BpfMap map)
    where TKey : unmanaged
{
    /// <summary>All that is wanted by any.</summary>
    public IEnumerable<TKey> All => map.Keys<TKey>();

    /// <summary>These conditions want <paramref name="key"/> too.</summary>
    public void Add(TKey key, ulong conditions) => Change(key, conditions, 0);

    /// <summary>They do not any more.</summary>
    public void Remove(TKey key, ulong conditions) => Change(key, 0, conditions);

    /// <summary>What condition <paramref name="number"/> wants; null where it wants nothing of this kind.</summary>
    public TKey? KeyOf(int number) => All.Where(key => Wants(key, number)).Select(key => (TKey?)key).FirstOrDefault();

    private bool Wants(TKey key, int number) =>
        map.TryLookup(key, out ulong conditions) && (conditions & (1UL << number)) != 0;

    private void Change(TKey key, ulong add, ulong remove)
    {
        map.TryLookup(key, out ulong before);
        var after = (before | add) & ~remove;
        if (after != 0)
        {
            map.Update(key, after);
        }
        else if (before != 0)
        {
            map.Delete(key);
        }
    }
}
