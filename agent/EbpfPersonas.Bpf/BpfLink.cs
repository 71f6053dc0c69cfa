using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfPersonas.Bpf;

/// <summary>
/// An attached program. Disposing it detaches, where the link is not pinned: a pinned one is held by its name too.
/// </summary>
public sealed unsafe class BpfLink : IDisposable
{
    private const int NoEntry = 2; // ENOENT
    private const int NotSupported = 95; // EOPNOTSUPP

    private readonly SafeFileHandle _link;

    private BpfLink(SafeFileHandle link) => _link = link;

    private int Descriptor => (int)_link.DangerousGetHandle();

    internal static BpfLink FromDescriptor(int descriptor) => new(new SafeFileHandle(descriptor, ownsHandle: true));

    internal static BpfLink AttachTcx(
        int program, string name, int interfaceIndex, bool ingress, bool last = false)
    {
        var type = ingress ? SyscallFunctions.BPF_TCX_INGRESS : SyscallFunctions.BPF_TCX_EGRESS;
        var options = new SyscallFunctions.bpf_link_create_opts
        {
            sz = (nuint)sizeof(SyscallFunctions.bpf_link_create_opts),
            flags = last ? SyscallFunctions.BPF_F_AFTER : SyscallFunctions.BPF_F_BEFORE,
        };
        return FromDescriptor(BpfException.Check(
            SyscallFunctions.bpf_link_create(program, interfaceIndex, type, &options), $"attach {name} by tcx"));
    }

    /// <summary>
    /// Opens what is pinned at <paramref name="path"/>, or gives null where there is nothing; throws
    /// <see cref="BpfException"/>. That it is a link shows only when it is used.
    /// </summary>
    public static BpfLink? OpenPinned(string path)
    {
        var result = WithPath(path, bytes => LinkFunctions.bpf_obj_get((byte*)bytes));
        return result == -NoEntry ? null : FromDescriptor(BpfException.Check(result, $"open {path}"));
    }

    /// <summary>
    /// Gives it a name in a bpffs, which must not exist; it lives until that is removed. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public void Pin(string path)
    {
        var descriptor = Descriptor;
        BpfException.Check(
            WithPath(path, bytes => LinkFunctions.bpf_obj_pin(descriptor, (byte*)bytes)), $"pin {path}");
    }

    /// <summary>
    /// Puts <paramref name="program"/> in the place of the one that runs: every packet meets one of them. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public void Update(BpfProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        BpfException.Check(
            LinkFunctions.bpf_link_update(Descriptor, program.Descriptor, null), $"put {program.Name} into a link");
    }

    /// <summary>
    /// Takes the program off, whoever else holds the link; throws <see cref="BpfException"/>. Of a link to a trace
    /// point the kernel cannot do that: it ends when nobody holds it any more.
    /// </summary>
    public void Detach()
    {
        var result = LinkFunctions.bpf_link_detach(Descriptor);
        if (result != -NotSupported)
        {
            BpfException.Check(result, "detach a link");
        }
    }

    /// <summary>What the kernel says of it; throws <see cref="BpfException"/>.</summary>
    public BpfLinkInfo ReadInfo()
    {
        LinkFunctions.bpf_link_info info = default;
        var length = (uint)sizeof(LinkFunctions.bpf_link_info);
        BpfException.Check(SyscallFunctions.bpf_obj_get_info_by_fd(Descriptor, &info, &length), "look at a link");
        var isTcx = info.type == LinkFunctions.BPF_LINK_TYPE_TCX;
        return new BpfLinkInfo(
            info.id,
            info.prog_id,
            isTcx,
            isTcx ? (int)info.ifindex : 0,
            isTcx && info.attach_type == SyscallFunctions.BPF_TCX_INGRESS);
    }

    /// <inheritdoc/>
    public void Dispose() => _link.Dispose();

    private static int WithPath(string path, Func<nint, int> call)
    {
        var bytes = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            return call(bytes);
        }
        finally
        {
            Marshal.FreeCoTaskMem(bytes);
        }
    }
}
