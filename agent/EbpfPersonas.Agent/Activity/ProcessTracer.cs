using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// The programs of bpf/src/process.bpf.c: exec, fork and exit in one network namespace. Reading is for one thread at a
/// time; <see cref="ReadLost"/> for any.
/// </summary>
internal sealed class ProcessTracer : IDisposable
{
    /// <summary>Octets of the ring where nothing else is asked for: 40,000 execs with usual paths.</summary>
    public const uint DefaultRingSize = 4 * 1024 * 1024;

    // Exit first: a process that is seen to begin is also seen to end.
    private static readonly string[] Traced = ["process_exit", "process_fork", "process_exec"];

    private readonly BpfObject _object;
    private readonly BpfMap _processes;
    private readonly BpfMap _lost;
    private readonly List<BpfLink> _links = [];
    private readonly List<ProcessRecord> _records = [];
    private readonly List<ProcessTurn> _turns = [];
    private RingBuffer? _ring;

    private ProcessTracer(BpfObject opened)
    {
        _object = opened;
        _processes = opened.Map("processes");
        _lost = opened.Map("process_events_lost");
    }

    /// <summary>How many processes the kernel side can know at once.</summary>
    public int Capacity => (int)_processes.MaxEntries;

    /// <summary>
    /// The programs for the namespace with <paramref name="netnsCookie"/>, not loaded yet: that takes its time, and
    /// filters come first. <paramref name="ringSize"/> is a power of two from 4 KiB to 8 MiB, in octets. In
    /// <paramref name="filter"/>, which is loaded, they put in force what its stages say. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public static ProcessTracer Open(
        ReadOnlySpan<byte> image, ulong netnsCookie, uint ringSize = DefaultRingSize, BpfObject? filter = null)
    {
        var opened = BpfObject.Open(image, "process");
        try
        {
            if (filter is not null)
            {
                opened.ShareMaps(filter);
            }

            opened.SetConstant("netns_cookie", netnsCookie);
            opened.Map("process_events").MaxEntries = ringSize;
            return new ProcessTracer(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Loads the programs and begins to trace; throws <see cref="BpfException"/>. What runs already is found by a scan
    /// after this. To be called once, before anything else. In <paramref name="linkDirectory"/>, of one agent alone in
    /// a bpffs, the programs are kept beyond this process, and replace those of an earlier one: for a moment both
    /// follow the processes, which is the same as one.
    /// </summary>
    public void Attach(string? linkDirectory = null)
    {
        _object.Load();
        _ring = new RingBuffer(_object.Map("process_events"), Take);
        foreach (var name in Traced)
        {
            var link = _object.Program(name).Attach();
            _links.Add(link);
            if (linkDirectory is not null)
            {
                LinkPins.Keep(link, linkDirectory, Pin(name));
            }
        }
    }

    /// <summary>Takes away what is pinned in <paramref name="linkDirectory"/>, which ends it.</summary>
    public static void RemovePinned(string linkDirectory)
    {
        foreach (var name in Traced)
        {
            LinkPins.Remove(linkDirectory, Pin(name));
        }
    }

    /// <summary>
    /// What happened since the last call, in order, after at most <paramref name="wait"/>: sooner where conditions
    /// turned. The list is reused by the next call.
    /// </summary>
    public IReadOnlyList<ProcessRecord> Drain(TimeSpan wait = default)
    {
        _records.Clear();
        _turns.Clear();
        if (wait > TimeSpan.Zero)
        {
            _ring!.Wait(wait);
        }

        _ring!.Consume();
        return _records;
    }

    /// <summary>The conditions that turned since, as the last <see cref="Drain"/> found them.</summary>
    public IReadOnlyList<ProcessTurn> Turns => _turns;

    /// <summary>Events that the kernel could not hand over since the start of tracing.</summary>
    public ulong ReadLost()
    {
        Span<ulong> perCpu = stackalloc ulong[BpfMap.PossibleCpus];
        _lost.LookupPerCpu(0, perCpu);
        ulong lost = 0;
        foreach (var count in perCpu)
        {
            lost += count;
        }

        return lost;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.ForEach(link => link.Dispose());
        _ring?.Dispose();
        _object.Dispose();
    }

    private static string Pin(string name) => "trace-" + name;

    private void Take(ReadOnlySpan<byte> record)
    {
        if (record.Length == Unsafe.SizeOf<ProcessTurn>()
            && MemoryMarshal.Read<ProcessTurn>(record) is { Kind: ProcessEventKind.Turn } turn)
        {
            _turns.Add(turn);
        }
        else
        {
            _records.Add(ProcessRecord.Decode(record));
        }
    }
}
