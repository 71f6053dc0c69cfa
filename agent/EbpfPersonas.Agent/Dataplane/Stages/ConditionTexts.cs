using System.Text;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>A map from what conditions want to the mask of those that want it.</summary>
internal sealed class ConditionTexts(BpfMap map)
{
    /// <summary>These conditions want <paramref name="text"/> too.</summary>
    public void Add(string text, ulong conditions) => Change(Key(text), conditions, 0);

    /// <summary>They do not any more.</summary>
    public void Remove(string text, ulong conditions) => Change(Key(text), 0, conditions);

    /// <summary>As <see cref="Add(string, ulong)"/>, of a number.</summary>
    public void Add(uint number, ulong conditions) => Change(number, conditions, 0);

    /// <summary>As <see cref="Remove(string, ulong)"/>, of a number.</summary>
    public void Remove(uint number, ulong conditions) => Change(number, 0, conditions);

    /// <summary>What condition <paramref name="number"/> wants; null where it wants nothing of this kind.</summary>
    public string? TextOf(int number) => map.Keys<ConditionText>().Where(key => Wants(key, number))
        .Select(key => Encoding.UTF8.GetString(((ReadOnlySpan<byte>)key.Text).TrimEnd((byte)0))).FirstOrDefault();

    /// <summary>As <see cref="TextOf"/>, of a number.</summary>
    public uint? NumberOf(int number) =>
        map.Keys<uint>().Where(key => Wants(key, number)).Select(key => (uint?)key).FirstOrDefault();

    private bool Wants<TKey>(TKey key, int number)
        where TKey : unmanaged =>
        map.TryLookup(key, out ulong conditions) && (conditions & (1UL << number)) != 0;

    private void Change<TKey>(TKey key, ulong add, ulong remove)
        where TKey : unmanaged
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

    private static ConditionText Key(string text)
    {
        var key = default(ConditionText);
        Encoding.UTF8.GetBytes(text, key.Text);
        return key;
    }
}
