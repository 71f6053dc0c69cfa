using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// The one word {epoch:32 | slot:32} that says which persona is in force. A switch writes nothing else.
/// </summary>
public sealed class ActiveWord : IDisposable
{
    private readonly MemoryMap _memory;

    /// <summary>Maps the filter's map "active".</summary>
    public ActiveWord(BpfMap active)
    {
        ArgumentNullException.ThrowIfNull(active);
        _memory = active.MapMemory();
    }

    /// <summary>The epoch and slot at this moment.</summary>
    public (uint Epoch, uint Slot) Read() => Split(Volatile.Read(ref _memory.Values<ulong>()[0]));

    /// <summary>
    /// Makes <paramref name="slot"/> active under the next epoch and gives that epoch: one 64-bit compare-and-exchange,
    /// tried again from what is there when somebody else switched meanwhile. Every write before it is visible to
    /// whoever reads the new word.
    /// </summary>
    public uint Switch(uint slot) => Switch(slot, Read().Epoch);

    /// <summary>As above, under an epoch later than <paramref name="epochBefore"/> too.</summary>
    public uint Switch(uint slot, uint epochBefore)
    {
        ref var word = ref _memory.Values<ulong>()[0];
        while (true)
        {
            var seen = Volatile.Read(ref word);
            var (epoch, _) = Split(seen);
            epoch = ((int)(epochBefore - epoch) > 0 ? epochBefore : epoch) + 1;
            if (Interlocked.CompareExchange(ref word, ((ulong)epoch << 32) | slot, seen) == seen)
            {
                return epoch;
            }
        }
    }

    /// <summary>The same slot under the next epoch, whoever else switches meanwhile.</summary>
    public void BeginEpoch() => Interlocked.Add(ref _memory.Values<ulong>()[0], 1UL << 32);

    /// <summary>The next switch will be the one after <paramref name="epoch"/>; no program runs yet.</summary>
    public void StartFrom(uint epoch) => Volatile.Write(ref _memory.Values<ulong>()[0], (ulong)epoch << 32);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static (uint Epoch, uint Slot) Split(ulong word) => ((uint)(word >> 32), (uint)word);
}
