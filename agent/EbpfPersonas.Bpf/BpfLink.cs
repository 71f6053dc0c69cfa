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

    private readonly SafeHandle _link;

    private BpfLink(SafeHandle link) => _link = link;

    private int Descriptor => _link is SafeFileHandle
        ? (int)_link.DangerousGetHandle()
        : throw new InvalidOperationException("libbpf keeps this link's descriptor for itself.");

    internal static BpfLink FromLibbpf(nint link) => new(new LibbpfLinkHandle(link));

    internal static BpfLink FromDescriptor(int descriptor) => new(new SafeFileHandle(descriptor, ownsHandle: true));

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

    private sealed class LibbpfLinkHandle : SafeHandle
    {
        public LibbpfLinkHandle(nint link)
            : base(nint.Zero, ownsHandle: true) => SetHandle(link);

        public override bool IsInvalid => handle == nint.Zero;

        protected override bool ReleaseHandle() => ObjectFunctions.bpf_link__destroy(handle) == 0;
    }
}
