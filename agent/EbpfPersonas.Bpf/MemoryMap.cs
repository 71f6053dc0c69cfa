using System.Runtime.InteropServices;
using Tmds.Linux;

namespace EbpfPersonas.Bpf;

/// <summary>The values of an array map in this process's memory, shared with the kernel's programs.</summary>
public sealed unsafe class MemoryMap : SafeHandle
{
    private readonly long _length;

    private MemoryMap(nint address, long length)
        : base(nint.Zero, ownsHandle: true)
    {
        SetHandle(address);
        _length = length;
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>The values as an array of <typeparamref name="T"/>, whose size must be the map's value size, a multiple of 8.</summary>
    public Span<T> Values<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return new Span<T>((void*)handle, checked((int)(_length / sizeof(T))));
    }

    internal static MemoryMap Create(int descriptor, string name, long length)
    {
        var address = LibC.mmap(null, (size_t)(ulong)length, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, descriptor, 0);
        return address != LibC.MAP_FAILED
            ? new MemoryMap((nint)address, length)
            : throw new BpfException($"map {name} into memory", LibC.errno);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibC.munmap((void*)handle, (size_t)(ulong)_length) == 0;
}
