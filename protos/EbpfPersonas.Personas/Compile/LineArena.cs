using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// The lines of a persona in the making. Nodes that are the same are kept once: they are immutable, so whoever needs
/// one shares it.
/// </summary>
internal sealed class LineArena(string persona, int rules, int linesMax) : IDisposable
{
    private readonly PooledList<PolicyLine> _lines = new(2 * rules);
    private Interned[] _interned = NewTable(Places(2 * rules));
    private int _places = Places(2 * rules);
    private int _internedCount;

    /// <summary>Lines in use.</summary>
    public int Count => _lines.Count;

    /// <summary>All lines in use; good until the next allocation.</summary>
    public Span<PolicyLine> Lines => _lines.Items;

    /// <summary>The line of this number as a <typeparamref name="T"/>; good until the next allocation.</summary>
    public ref T At<T>(int line)
        where T : unmanaged =>
        ref PolicyLine.As<T>(ref _lines[line]);

    /// <summary>The branches of a port tree's inner node.</summary>
    public ReadOnlySpan<PortBranch> Branches(int line) =>
        MemoryMarshal.Cast<PolicyLine, PortBranch>(_lines.Items.Slice(line, 2));

    /// <summary>The sixteen tags of a port tree's last level.</summary>
    public ReadOnlySpan<uint> Tags(int line) => _lines[line].Word;

    /// <summary>
    /// New lines, all zero, the first one of an even number: the processor fetches lines in pairs. Throws
    /// <see cref="PersonaTooLargeException"/>.
    /// </summary>
    public int AllocatePairs(int lines)
    {
        if (Count % 2 != 0)
        {
            Allocate(1);
        }

        return Allocate(lines);
    }

    /// <summary>New lines, all zero; throws <see cref="PersonaTooLargeException"/>.</summary>
    public int Allocate(int lines)
    {
        if (lines > linesMax - Count)
        {
            throw new PersonaTooLargeException(string.Create(
                CultureInfo.InvariantCulture,
                $"Persona {persona} needs more than {(long)linesMax * CompiledSize.LineOctets} octets of map memory."));
        }

        var first = Count;
        _lines.Grow(lines).Clear();
        return first;
    }

    /// <summary>The line where <paramref name="content"/> stands, an older one where there is one.</summary>
    public int Intern(ReadOnlySpan<PolicyLine> content)
    {
        if (_internedCount * 2 >= _places)
        {
            Rehash();
        }

        var hash = Hash(content);
        var mask = _places - 1;
        for (var at = (int)hash & mask; ; at = (at + 1) & mask)
        {
            ref var entry = ref _interned[at];
            if (entry.Length == 0)
            {
                entry = new Interned(Allocate(content.Length), content.Length, hash);
                content.CopyTo(Lines[entry.Line..]);
                _internedCount++;
                return entry.Line;
            }

            if (entry.Hash == hash && entry.Length == content.Length && Same(entry.Line, content))
            {
                return entry.Line;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines.Dispose();
        ArrayPool<Interned>.Shared.Return(_interned);
    }

    private static uint Hash(ReadOnlySpan<PolicyLine> content)
    {
        var hash = 0xcbf29ce484222325ul;
        foreach (var word in MemoryMarshal.Cast<PolicyLine, ulong>(content))
        {
            hash = (hash ^ word) * 0x9e3779b97f4a7c15;
            hash ^= hash >> 32;
        }

        return (uint)hash;
    }

    private bool Same(int line, ReadOnlySpan<PolicyLine> content) =>
        MemoryMarshal.AsBytes(Lines.Slice(line, content.Length)).SequenceEqual(MemoryMarshal.AsBytes(content));

    private void Rehash()
    {
        var older = _interned.AsSpan(0, _places);
        var table = _interned;
        _places *= 2;
        _interned = NewTable(_places);
        var mask = _places - 1;
        foreach (var entry in older)
        {
            var at = (int)entry.Hash & mask;
            while (entry.Length > 0 && _interned[at].Length > 0)
            {
                at = (at + 1) & mask;
            }

            if (entry.Length > 0)
            {
                _interned[at] = entry;
            }
        }

        ArrayPool<Interned>.Shared.Return(table);
    }

    private static int Places(int least) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(least, 16));

    /// <summary>An empty table; the pool may give a longer one.</summary>
    private static Interned[] NewTable(int places)
    {
        var table = ArrayPool<Interned>.Shared.Rent(places);
        Array.Clear(table);
        return table;
    }

    /// <summary>Length 0: nothing.</summary>
    private readonly record struct Interned(int Line, int Length, uint Hash);
}
