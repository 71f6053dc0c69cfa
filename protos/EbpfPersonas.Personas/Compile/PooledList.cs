using System.Buffers;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// A list whose memory goes back when the compiler is done: arrays as large as its are dear to the garbage collector,
/// and a persona is compiled at every change of it.
/// </summary>
internal sealed class PooledList<T>(int capacity) : IDisposable
    where T : unmanaged
{
    private T[] _items = ArrayPool<T>.Shared.Rent(Math.Max(capacity, 16));

    /// <summary>Items in it.</summary>
    public int Count { get; private set; }

    /// <summary>All of them; good until the next one is added.</summary>
    public Span<T> Items => _items.AsSpan(0, Count);

    /// <summary>An item; good until the next one is added.</summary>
    public ref T this[int index] => ref Items[index];

    /// <summary>Adds one at the end.</summary>
    public void Add(T item) => Grow(1)[0] = item;

    /// <summary>Adds so many at the end and gives them; what stands in them is left from before.</summary>
    public Span<T> Grow(int count)
    {
        if (Count + count > _items.Length)
        {
            var larger = ArrayPool<T>.Shared.Rent(Math.Max(Count + count, _items.Length * 2));
            Items.CopyTo(larger);
            ArrayPool<T>.Shared.Return(_items);
            _items = larger;
        }

        Count += count;
        return _items.AsSpan(Count - count, count);
    }

    /// <summary>Takes away the last one.</summary>
    public void RemoveLast() => Count--;

    /// <summary>Takes away all.</summary>
    public void Clear() => Count = 0;

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<T>.Shared.Return(_items);
}
