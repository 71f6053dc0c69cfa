using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>
/// libbpf.h: objects, their maps and programs. Pointers are borrowed from the object that holds them.
/// </summary>
internal static unsafe partial class ObjectFunctions
{
    /// <summary>struct bpf_object_open_opts of libbpf 1.1, up to the field that we set.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_object_open_opts
    {
        public nuint sz;
        public byte* object_name;
    }

    [LibraryImport(LibbpfLibrary.Name, SetLastError = true)]
    public static partial nint bpf_object__open_mem(byte* image, nuint size, bpf_object_open_opts* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_object__load(nint bpfObject);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial void bpf_object__close(nint bpfObject);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial nint bpf_object__btf(nint bpfObject);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial nint bpf_object__next_map(nint bpfObject, nint previous);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial nint bpf_object__next_program(nint bpfObject, nint previous);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial byte* bpf_map__name(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map__fd(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map__type(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint bpf_map__map_flags(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint bpf_map__btf_key_type_id(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint bpf_map__btf_value_type_id(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map__reuse_fd(nint map, int fd);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint bpf_map__key_size(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint bpf_map__value_size(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial uint bpf_map__max_entries(nint map);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map__set_max_entries(nint map, uint entries);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial byte* bpf_map__initial_value(nint map, nuint* size);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial byte* bpf_program__name(nint program);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_program__fd(nint program);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_program__expected_attach_type(nint program);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial delegate* unmanaged<int, byte*, nint, int> libbpf_set_print(
        delegate* unmanaged<int, byte*, nint, int> print);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int libbpf_num_possible_cpus();
}
