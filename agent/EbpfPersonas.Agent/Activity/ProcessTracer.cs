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

    private const byte Present = 1;
    private const int TooBig = 7; // E2BIG: the map is full

    private readonly BpfObject _object;
    private readonly BpfMap _processes;
    private readonly BpfMap _lost;
    private readonly List<BpfLink> _links = [];
    private readonly List<ProcessRecord> _records = [];
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
    /// filters come first. <paramref name="ringSize"/> is a power of two from 4 KiB to 8 MiB, in octets. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public static ProcessTracer Open(ReadOnlySpan<byte> image, ulong netnsCookie, uint ringSize = DefaultRingSize)
    {
        var opened = BpfObject.Open(image, "process");
        try
        {
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
    /// after this. To be called once, before anything else.
    /// </summary>
    public void Attach()
    {
        _object.Load();
        _ring = new RingBuffer(_object.Map("process_events"), record => _records.Add(ProcessRecord.Decode(record)));

        // Exit first: a process that is seen to begin is also seen to end.
        foreach (var name in (string[])["process_exit", "process_fork", "process_exec"])
        {
            _links.Add(_object.Program(name).Attach());
        }
    }

    /// <summary>What happened since the last call, in order. The list is reused by the next call.</summary>
    public IReadOnlyList<ProcessRecord> Drain()
    {
        _records.Clear();
        _ring!.Consume();
        return _records;
    }

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

    /// <summary>
    /// The kernel side will report the exit of a process that it has not seen begin; false where it has no room for one
    /// more.
    /// </summary>
    public bool Remember(uint pid)
    {
        try
        {
            _processes.Update(pid, Present);
            return true;
        }
        catch (BpfException full) when (full.Errno == TooBig)
        {
            return false;
        }
    }

    /// <summary>Undoes <see cref="Remember"/>.</summary>
    public void Forget(uint pid) => _processes.Delete(pid);

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.ForEach(link => link.Dispose());
        _ring?.Dispose();
        _object.Dispose();
    }
}
