using System.Text;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>
/// The conditions that want a text, in <paramref name="map"/>, and how long these texts are, in
/// <paramref name="lengths"/>: a program looks for no text of another length.
/// </summary>
internal sealed class ConditionTexts(BpfMap map, ConditionTexts.LengthsInUse lengths)
{
    private readonly ConditionKeys<ConditionText> _keys = new(map);

    /// <summary>What the programs read.</summary>
    internal delegate ref ConditionLengths LengthsInUse();

    /// <summary>These conditions want <paramref name="text"/> too.</summary>
    public void Add(string text, ulong conditions)
    {
        var key = Key(text);
        var octets = Octets(key).Length;
        ref var word = ref WordOf(octets);
        Volatile.Write(ref word, word | BitOf(octets));
        _keys.Add(key, conditions);
    }

    /// <summary>They do not any more.</summary>
    public void Remove(string text, ulong conditions)
    {
        var key = Key(text);
        var octets = Octets(key).Length;
        _keys.Remove(key, conditions);
        if (!_keys.All.Any(other => Octets(other).Length == octets))
        {
            ref var word = ref WordOf(octets);
            Volatile.Write(ref word, word & ~BitOf(octets));
        }
    }

    /// <summary>What condition <paramref name="number"/> wants; null where it wants nothing of this kind.</summary>
    public string? TextOf(int number) => _keys.KeyOf(number) is { } key ? Encoding.UTF8.GetString(Octets(key)) : null;

    private static ConditionText Key(string text)
    {
        var key = default(ConditionText);
        Encoding.UTF8.GetBytes(text, key.Text);
        return key;
    }

    private static ReadOnlySpan<byte> Octets(in ConditionText key) =>
        ((ReadOnlySpan<byte>)key.Text).TrimEnd((byte)0);

    private static ulong BitOf(int octets) => 1UL << (octets % 64);

    private ref ulong WordOf(int octets) => ref lengths().Word[octets / 64];
}
