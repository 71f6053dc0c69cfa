using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>btf.h: type information of a loaded object.</summary>
internal static unsafe partial class BtfFunctions
{
    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint btf__type_cnt(nint btf);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint* btf__type_by_id(nint btf, uint id);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial byte* btf__name_by_offset(nint btf, uint offset);

    [LibraryImport(LibbpfLibrary.Name, SetLastError = true)]
    public static partial nint btf__load_from_kernel_by_id(uint id);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial void btf__free(nint btf);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial long btf__resolve_size(nint btf, uint id);
}
