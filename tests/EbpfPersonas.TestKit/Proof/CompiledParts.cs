using System.Runtime.CompilerServices;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>Which lines of a compiled persona are what, found on the ways that a lookup takes.</summary>
internal sealed class CompiledParts
{
    private const uint LastNumber = uint.MaxValue;

    private readonly PolicyLine[] _lines;
    private readonly HashSet<int> _seen = [];

    public CompiledParts(CompiledPersona compiled)
    {
        _lines = compiled.Lines.ToArray();
        foreach (var root in compiled.Roots)
        {
            Refer(root);
        }

        foreach (var line in Classes)
        {
            var record = At<ClassRecord>(line);
            if (record.Intervals != 0)
            {
                Walk((int)record.Intervals, PortNodes, _ => { });
            }
        }
    }

    /// <summary>A copy of all lines.</summary>
    public PolicyLine[] Lines => _lines;

    /// <summary>Interval nodes of address trees.</summary>
    public List<int> AddressNodes { get; } = [];

    /// <summary>First lines of address lists.</summary>
    public List<int> Lists { get; } = [];

    /// <summary>Class records, in the order in which the addresses come to them.</summary>
    public List<int> Classes { get; } = [];

    /// <summary>Interval nodes of the trees that classes have for their ports.</summary>
    public List<int> PortNodes { get; } = [];

    /// <summary>The line as a <typeparamref name="T"/>, to be read or changed.</summary>
    public ref T At<T>(int line)
        where T : unmanaged =>
        ref PolicyLine.As<T>(ref _lines[line]);

    /// <summary>How many intervals of the node end before the last number.</summary>
    public int BordersOf(int node)
    {
        var count = 0;
        foreach (var last in At<IntervalNode>(node).Last)
        {
            count += last != LastNumber ? 1 : 0;
        }

        return count;
    }

    private void Refer(uint reference)
    {
        var line = (int)(reference & (uint)Reference.Line);
        if ((reference & (uint)Reference.Class) == 0 && (reference & (uint)Reference.List) == 0)
        {
            Walk(line, AddressNodes, Refer);
        }
        else if (_seen.Add(line) && (reference & (uint)Reference.Class) != 0)
        {
            Classes.Add(line);
        }
        else if ((reference & (uint)Reference.List) != 0 && !Lists.Contains(line))
        {
            Lists.Add(line);
            for (var i = 0; i < AddressList.Capacity; i++)
            {
                Refer(IntervalAt(line, i).Reference);
            }
        }
    }

    /// <summary>An interval of an address list; a line holds half of them.</summary>
    public ref AddressInterval IntervalAt(int list, int number) =>
        ref Unsafe.Add(
            ref PolicyLine.As<AddressInterval>(ref _lines[list + (number / 4)]), number % 4);

    private void Walk(int line, List<int> nodes, Action<uint> value)
    {
        if (!_seen.Add(line))
        {
            return;
        }

        nodes.Add(line);
        var first = At<IntervalNode>(line).First;
        var isLeaf = (first & (uint)IntervalNodeFlags.Leaf) != 0;
        var size = (first & (uint)IntervalNodeFlags.AboveLeaves) != 0 ? 2 : 1;
        for (var i = 0; i <= BordersOf(line); i++)
        {
            if (isLeaf)
            {
                value(_lines[line + 1].Word[i]);
            }
            else
            {
                Walk((int)(first & (uint)IntervalNodeFlags.Line) + (i * size), nodes, value);
            }
        }
    }
}
