using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfPersonas.Bpf;

/// <summary>An attached program; disposing it detaches.</summary>
public sealed class BpfLink : IDisposable
{
    private readonly SafeHandle _link;

    private BpfLink(SafeHandle link) => _link = link;

    internal static BpfLink FromLibbpf(nint link) => new(new LibbpfLinkHandle(link));

    internal static BpfLink FromDescriptor(int descriptor) => new(new SafeFileHandle(descriptor, ownsHandle: true));

    /// <inheritdoc/>
    public void Dispose() => _link.Dispose();

    private sealed class LibbpfLinkHandle : SafeHandle
    {
        public LibbpfLinkHandle(nint link)
            : base(nint.Zero, ownsHandle: true) => SetHandle(link);

        public override bool IsInvalid => handle == nint.Zero;

        protected override bool ReleaseHandle() => ObjectFunctions.bpf_link__destroy(handle) == 0;
    }
}
