namespace EbpfPersonas.Benchmarks;

/// <summary>Owns what is added, and lets it go in the opposite order.</summary>
internal sealed class DisposableList<T> : IDisposable
    where T : IDisposable
{
    private readonly Stack<T> _items = [];

    public IReadOnlyCollection<T> Items => _items;

    public T Add(T item)
    {
        _items.Push(item);
        return item;
    }

    public void Dispose()
    {
        while (_items.TryPop(out var item))
        {
            item.Dispose();
        }
    }
}
