using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfPersonas.Bpf;

/// <summary>A program of a <see cref="BpfObject"/>, borrowed from it.</summary>
public sealed unsafe class BpfProgram
{
    private readonly BpfObject _owner;
    private readonly nint _program;
    private uint _id;

    internal BpfProgram(BpfObject owner, nint program)
    {
        _owner = owner;
        _program = program;
        Name = Marshal.PtrToStringUTF8((nint)ObjectFunctions.bpf_program__name(program))!;
    }

    /// <summary>The function's name in the C source.</summary>
    public string Name { get; }

    internal int Descriptor => !_owner.IsClosed
        ? BpfException.Check(ObjectFunctions.bpf_program__fd(_program), $"use program {Name}")
        : throw new ObjectDisposedException(Name);

    /// <summary>
    /// Attaches to the trace point that the section's name says (tp_btf/...); throws <see cref="BpfException"/>.
    /// </summary>
    public BpfLink Attach() => BpfLink.FromDescriptor(
        BpfException.Check(LinkFunctions.bpf_raw_tracepoint_open(null, Descriptor), $"attach {Name}"));

    /// <summary>
    /// Attaches to a cgroup, at the hook that the section's name says (cgroup/...), beside those of others; every
    /// process in it and below it is concerned. Throws <see cref="BpfException"/>.
    /// </summary>
    public BpfLink AttachCgroup(CgroupFolder cgroup)
    {
        ArgumentNullException.ThrowIfNull(cgroup);
        var type = ObjectFunctions.bpf_program__expected_attach_type(_program);
        return BpfLink.FromDescriptor(BpfException.Check(
            SyscallFunctions.bpf_link_create(Descriptor, cgroup.Descriptor, type, null),
            $"attach {Name} to a cgroup"));
    }

    /// <summary>
    /// Attaches to an interface as a tcx link (Linux 6.6 or later; EINVAL before), in front of all that are there: one
    /// that ends the chain before would bypass it; or <paramref name="last"/>. The link outlives changes of name and
    /// namespace of the interface. A chain holds a program once: EEXIST where it is there already.
    /// </summary>
    public BpfLink AttachTcx(int interfaceIndex, bool ingress, bool last = false) =>
        BpfLink.AttachTcx(Descriptor, Name, interfaceIndex, ingress, last);

    /// <summary>
    /// Another program of type BPF_PROG_TYPE_SCHED_CLS that does nothing but call this one; throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public ProgramAlias MakeAlias() => ProgramAlias.Make(Descriptor, Name);

    /// <summary>
    /// Runs the program once on a frame, as if the network stack called it (BPF_PROG_TEST_RUN,
    /// Documentation/bpf/bpf_prog_run.rst); gives its return value. The kernel wants whole headers: 14 octets, 34 for
    /// IPv4, 54 for IPv6.
    /// </summary>
    public int TestRun(ReadOnlySpan<byte> frame, int repeat = 1) => TestRun(frame, repeat, out _);

    /// <summary>As above; <paramref name="nanoseconds"/> is the mean time of a run.</summary>
    public int TestRun(ReadOnlySpan<byte> frame, int repeat, out uint nanoseconds) =>
        Run(frame, repeat, flags: 0, out nanoseconds);

    /// <summary>
    /// Runs an XDP program on copies of a frame and gives those that pass to the network stack, as if they had arrived
    /// on the loopback interface of the calling thread's network namespace (Linux 5.18). The mean time of a frame, in
    /// nanoseconds, includes the stack's.
    /// </summary>
    public uint SendLive(ReadOnlySpan<byte> frame, int count)
    {
        Run(frame, count, SyscallFunctions.BPF_F_TEST_XDP_LIVE_FRAMES, out var nanoseconds);
        return nanoseconds;
    }

    /// <summary>
    /// Instructions that the verifier looked at to accept the loaded program; its limit is a million (Linux 5.16, 0
    /// before).
    /// </summary>
    public uint ReadVerifiedInstructions() => ReadInfo().verified_insns;

    /// <summary>The kernel's number of the loaded program.</summary>
    public uint Id => _id != 0 ? _id : _id = ReadInfo().id;

    /// <summary>Whether the kernel holds a program of this number.</summary>
    public static bool IsHeld(uint id)
    {
        using var program = new SafeFileHandle(SyscallFunctions.bpf_prog_get_fd_by_id(id), ownsHandle: true);
        return !program.IsInvalid;
    }

    /// <summary>
    /// Runs once on a frame as above; gives the frame as the program left it, <paramref name="length"/> octets of
    /// <paramref name="output"/>. Throws <see cref="BpfException"/> (ENOSPC) where that is too small.
    /// </summary>
    public int TestRun(ReadOnlySpan<byte> frame, Span<byte> output, out int length)
    {
        var options = new SyscallFunctions.bpf_test_run_opts { repeat = 1 };
        Run(frame, output, ref options);
        length = (int)options.data_size_out;
        return (int)options.retval;
    }

    private SyscallFunctions.bpf_prog_info ReadInfo()
    {
        SyscallFunctions.bpf_prog_info info = default;
        var length = (uint)sizeof(SyscallFunctions.bpf_prog_info);
        BpfException.Check(SyscallFunctions.bpf_obj_get_info_by_fd(Descriptor, &info, &length), $"look at {Name}");
        return info;
    }

    private int Run(ReadOnlySpan<byte> frame, int repeat, uint flags, out uint nanoseconds)
    {
        var options = new SyscallFunctions.bpf_test_run_opts { repeat = repeat, flags = flags };
        Run(frame, [], ref options);
        nanoseconds = options.duration;
        return (int)options.retval;
    }

    private void Run(ReadOnlySpan<byte> frame, Span<byte> output, ref SyscallFunctions.bpf_test_run_opts options)
    {
        fixed (byte* from = frame)
        fixed (byte* to = output)
        fixed (SyscallFunctions.bpf_test_run_opts* given = &options)
        {
            given->sz = (nuint)sizeof(SyscallFunctions.bpf_test_run_opts);
            given->data_in = from;
            given->data_size_in = (uint)frame.Length;
            given->data_out = to;
            given->data_size_out = (uint)output.Length;
            BpfException.Check(SyscallFunctions.bpf_prog_test_run_opts(Descriptor, given), $"run {Name}");
        }
    }

    /// <summary>
    /// Calls a program of type BPF_PROG_TYPE_SYSCALL (Linux 5.14) with <paramref name="context"/>, which it may change;
    /// gives its return value.
    /// </summary>
    public int Call<TContext>(ref TContext context)
        where TContext : unmanaged
    {
        fixed (TContext* memory = &context)
        {
            var options = new SyscallFunctions.bpf_test_run_opts
            {
                sz = (nuint)sizeof(SyscallFunctions.bpf_test_run_opts),
                ctx_in = (byte*)memory,
                ctx_size_in = (uint)sizeof(TContext),
            };
            BpfException.Check(SyscallFunctions.bpf_prog_test_run_opts(Descriptor, &options), $"call {Name}");
            return (int)options.retval;
        }
    }
}
