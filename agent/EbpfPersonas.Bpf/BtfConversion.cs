namespace EbpfPersonas.Bpf;

/// <summary>
/// Copies values of one type into another one by the names of their members: what the new type has more is zero, what
/// it has less is left out.
/// </summary>
public sealed class BtfConversion
{
    private readonly List<(int From, int To, int Length)> _pieces;

    /// <summary>From values of <paramref name="from"/> to values of <paramref name="to"/>.</summary>
    public BtfConversion(BtfValue from, BtfValue to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        _pieces = to.PiecesOf(from);
    }

    /// <summary>Fills all of <paramref name="to"/>.</summary>
    public void Convert(ReadOnlySpan<byte> from, Span<byte> to)
    {
        to.Clear();
        foreach (var (source, target, length) in _pieces)
        {
            from.Slice(source, length).CopyTo(to[target..]);
        }
    }
}
