using EbpfPersonas.Bpf;

namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>The array of tuples that the programs of an object play.</summary>
internal sealed class TupleArray(BpfObject owner) : IDisposable
{
    private readonly MemoryMap _tuples = owner.Map("bench_tuples").MapMemory();
    private readonly MemoryMap _taken = owner.Map("bench_taken").MapMemory();
    private BenchTuple[]? _playing;

    /// <summary>Makes <paramref name="tuples"/> what is played, from the first on where they are others.</summary>
    public void Use(BenchTuple[] tuples)
    {
        if (_playing != tuples)
        {
            tuples.CopyTo(_tuples.Values<BenchTuple>());
            _playing = tuples;
            Rewind();
        }
    }

    /// <summary>The first tuple is the next one.</summary>
    public void Rewind() => _taken.Values<ulong>()[0] = 0;

    public void Dispose()
    {
        _tuples.Dispose();
        _taken.Dispose();
    }
}
