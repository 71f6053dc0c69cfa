using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>
/// bpf.h: links and the names under which they outlive their process. They return a negative errno.
/// </summary>
internal static unsafe partial class LinkFunctions
{
    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_obj_pin(int fd, byte* path);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_obj_get(byte* path);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_link_update(int linkFd, int programFd, void* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_link_detach(int linkFd);
}
