using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>A program of a <see cref="BpfObject"/>, borrowed from it.</summary>
public sealed unsafe class BpfProgram
{
    private readonly BpfObject _owner;
    private readonly nint _program;

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

    /// <summary>Attaches to what the section's name says (tp_btf/...); throws <see cref="BpfException"/>.</summary>
    public BpfLink Attach()
    {
        var ((link, errno), log) = LibbpfLog.Collect(() =>
        {
            var attached = ObjectFunctions.bpf_program__attach(_program);
            return (attached, Marshal.GetLastPInvokeError());
        });
        return link != nint.Zero ? BpfLink.FromLibbpf(link) : throw new BpfException($"attach {Name}", errno, log);
    }

    /// <summary>
    /// Attaches to an interface as a tcx link (Linux 6.6 or later; EINVAL before), in front of all that are there: one
    /// that ends the chain before would bypass it. The link outlives changes of name and namespace of the interface and
    /// ends when it is disposed or the process ends.
    /// </summary>
    public BpfLink AttachTcx(int interfaceIndex, bool ingress)
    {
        var type = ingress ? SyscallFunctions.BPF_TCX_INGRESS : SyscallFunctions.BPF_TCX_EGRESS;
        var options = new SyscallFunctions.bpf_link_create_opts
        {
            sz = (nuint)sizeof(SyscallFunctions.bpf_link_create_opts),
            flags = SyscallFunctions.BPF_F_BEFORE,
        };
        return BpfLink.FromDescriptor(BpfException.Check(
            SyscallFunctions.bpf_link_create(Descriptor, interfaceIndex, type, &options), $"attach {Name} by tcx"));
    }

    /// <summary>
    /// Runs the program once on a frame, as if the network stack called it (BPF_PROG_TEST_RUN,
    /// Documentation/bpf/bpf_prog_run.rst); gives its return value. The kernel wants whole headers: 14 octets, 34 for
    /// IPv4, 54 for IPv6.
    /// </summary>
    public int TestRun(ReadOnlySpan<byte> frame, int repeat = 1) => TestRun(frame, repeat, out _);

    /// <summary>As above; <paramref name="nanoseconds"/> is the mean time of a run.</summary>
    public int TestRun(ReadOnlySpan<byte> frame, int repeat, out uint nanoseconds)
    {
        var options = new SyscallFunctions.bpf_test_run_opts { repeat = repeat };
        Run(frame, [], ref options);
        nanoseconds = options.duration;
        return (int)options.retval;
    }

    /// <summary>
    /// As above, once; gives the frame as the program left it, <paramref name="length"/> octets of
    /// <paramref name="output"/>. Throws <see cref="BpfException"/> (ENOSPC) where that is too small.
    /// </summary>
    public int TestRun(ReadOnlySpan<byte> frame, Span<byte> output, out int length)
    {
        var options = new SyscallFunctions.bpf_test_run_opts { repeat = 1 };
        Run(frame, output, ref options);
        length = (int)options.data_size_out;
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
}
