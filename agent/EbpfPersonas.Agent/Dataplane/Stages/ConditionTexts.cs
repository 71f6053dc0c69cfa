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
