using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfPersonas.Bpf;

/// <summary>
/// Waits until no program that runs now can still see what was withdrawn before. An update of a map in map waits for it
/// inside the kernel (kernel/bpf/syscall.c, maybe_wait_bpf_programs); this keeps a small one for nothing else.
/// </summary>
public sealed unsafe class GracePeriod : IDisposable
{
    private readonly SafeFileHandle _inner;
    private readonly SafeFileHandle _outer;

    /// <summary>Makes the two maps; throws <see cref="BpfException"/>.</summary>
    public GracePeriod()
    {
        _inner = Create(SyscallFunctions.BPF_MAP_TYPE_ARRAY, null);
        var options = new SyscallFunctions.bpf_map_create_opts
        {
            sz = (nuint)sizeof(SyscallFunctions.bpf_map_create_opts),
            inner_map_fd = (uint)(int)_inner.DangerousGetHandle(),
        };
        _outer = Create(SyscallFunctions.BPF_MAP_TYPE_ARRAY_OF_MAPS, &options);
    }

    /// <summary>Blocks for one grace period, some milliseconds.</summary>
    public void Wait()
    {
        uint key = 0;
        var inner = (int)_inner.DangerousGetHandle();
        BpfException.Check(
            SyscallFunctions.bpf_map_update_elem((int)_outer.DangerousGetHandle(), &key, &inner, 0),
            "wait for a grace period");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _outer.Dispose();
        _inner.Dispose();
    }

    private static SafeFileHandle Create(int type, SyscallFunctions.bpf_map_create_opts* options)
    {
        fixed (byte* name = "grace_period"u8)
        {
            var descriptor = SyscallFunctions.bpf_map_create(type, name, sizeof(uint), sizeof(uint), 1, options);
            return new SafeFileHandle(BpfException.Check(descriptor, "make a grace period map"), ownsHandle: true);
        }
    }
}
