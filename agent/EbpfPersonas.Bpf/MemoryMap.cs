using System.Runtime.InteropServices;
using Tmds.Linux;

namespace EbpfPersonas.Bpf;

/// <summary>The values of an array map in this process's memory, shared with the kernel's programs.</summary>
public sealed unsafe class MemoryMap : SafeHandle
{
    private readonly int _valueSize;
    private readonly int _count;

    private MemoryMap(nint address, int valueSize, int count)
        : base(nint.Zero, ownsHandle: true)
    {
        SetHandle(address);
        _valueSize = valueSize;
        _count = count;
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>The values as an array of <typeparamref name="T"/>, whose size must be the map's value size.</summary>
    public Span<T> Values<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return sizeof(T) == _valueSize
            ? new Span<T>((void*)handle, _count)
            : throw new ArgumentException($"The map's values have {_valueSize} octets, not {sizeof(T)}.");
    }

    internal static MemoryMap Create(int descriptor, string name, int valueSize, int count)
    {
        var length = (long)valueSize * count;
        var address = LibC.mmap(
            null, (size_t)(ulong)length, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, descriptor, 0);
        return address != LibC.MAP_FAILED
            ? new MemoryMap((nint)address, valueSize, count)
            : throw new BpfException($"map {name} into memory", LibC.errno);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() =>
        LibC.munmap((void*)handle, (size_t)((ulong)_valueSize * (ulong)_count)) == 0;
}
