using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>
/// A program attached through the clsact qdisc (tc-bpf(8), direct action), with a handle and priority of its own, so
/// that it replaces only itself. It stays when the process ends; disposing it detaches the program and leaves the
/// qdisc, which others may use.
/// </summary>
public sealed unsafe class TcFilter : IDisposable
{
    private const int Exists = 17; // EEXIST
    private const int NoDevice = 19; // ENODEV
    private const int NoEntry = 2; // ENOENT
    private const int Invalid = 22; // EINVAL

    private readonly int _interfaceIndex;
    private readonly bool _ingress;
    private readonly uint _handle;
    private readonly uint _priority;
    private uint _programId;

    private TcFilter(int interfaceIndex, bool ingress, uint handle, uint priority) =>
        (_interfaceIndex, _ingress, _handle, _priority) = (interfaceIndex, ingress, handle, priority);

    /// <summary>Whether there was no clsact qdisc, and attaching made it.</summary>
    public bool MadeQdisc { get; private set; }

    /// <summary>
    /// Attaches <paramref name="program"/>, in place of what has the same handle and priority; throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public static TcFilter Attach(BpfProgram program, int interfaceIndex, bool ingress, uint handle, uint priority)
    {
        ArgumentNullException.ThrowIfNull(program);
        var filter = new TcFilter(interfaceIndex, ingress, handle, priority);
        var descriptor = program.Descriptor;
        var (result, log) = LibbpfLog.Collect(() =>
        {
            var hook = filter.Hook();
            var created = TrafficControlFunctions.bpf_tc_hook_create(&hook);
            if (created is not (0 or -Exists))
            {
                return created;
            }

            filter.MadeQdisc = created == 0;
            var options = filter.Options();
            options.prog_fd = descriptor;
            options.flags = TrafficControlFunctions.BPF_TC_F_REPLACE;
            var attached = TrafficControlFunctions.bpf_tc_attach(&hook, &options);
            filter._programId = options.prog_id;
            return attached;
        });
        BpfException.Check(result, $"attach {program.Name} by clsact", log);
        return filter;
    }

    /// <summary>
    /// Throws <see cref="BpfException"/> where another program has taken the place since. An interface with the older
    /// ingress qdisc instead of clsact has one place for both directions, and the kernel says nothing.
    /// </summary>
    public void Verify()
    {
        var ((result, programId), log) = LibbpfLog.Collect(() =>
        {
            var hook = Hook();
            var options = Options();
            var queried = TrafficControlFunctions.bpf_tc_query(&hook, &options);
            return (queried, options.prog_id);
        });
        BpfException.Check(result, "query clsact", log);
        if (programId != _programId)
        {
            throw new BpfException(
                $"attach by clsact to interface {_interfaceIndex}",
                Exists,
                "The interface has an ingress qdisc in the place of clsact (tc qdisc show); "
                + "it has no place for an egress filter.");
        }
    }

    /// <summary>Detaches what an earlier process left at this handle and priority; nothing there is no error.</summary>
    public static void Detach(int interfaceIndex, bool ingress, uint handle, uint priority) =>
        new TcFilter(interfaceIndex, ingress, handle, priority).Dispose();

    /// <summary>Detaches; an interface or filter that is gone already is no error.</summary>
    public void Dispose()
    {
        var (result, log) = LibbpfLog.Collect(() =>
        {
            var hook = Hook();
            var options = Options();
            return TrafficControlFunctions.bpf_tc_detach(&hook, &options);
        });
        if (result is not (0 or -NoDevice or -NoEntry or -Invalid))
        {
            BpfException.Check(result, "detach by clsact", log);
        }
    }

    private TrafficControlFunctions.bpf_tc_hook Hook() => new()
    {
        sz = (nuint)sizeof(TrafficControlFunctions.bpf_tc_hook),
        ifindex = _interfaceIndex,
        attach_point = _ingress ? TrafficControlFunctions.BPF_TC_INGRESS : TrafficControlFunctions.BPF_TC_EGRESS,
    };

    private TrafficControlFunctions.bpf_tc_opts Options() => new()
    {
        sz = (nuint)sizeof(TrafficControlFunctions.bpf_tc_opts),
        handle = _handle,
        priority = _priority,
    };
}
