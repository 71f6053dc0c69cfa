using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>libbpf.h: the user space end of BPF_MAP_TYPE_RINGBUF.</summary>
internal static unsafe partial class RingBufferFunctions
{
    [LibraryImport(LibbpfLibrary.Name, SetLastError = true)]
    public static partial nint ring_buffer__new(
        int mapFd, delegate* unmanaged<nint, byte*, nuint, int> sample, nint context, void* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int ring_buffer__consume(nint ring);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int ring_buffer__poll(nint ring, int timeoutMilliseconds);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial void ring_buffer__free(nint ring);
}
