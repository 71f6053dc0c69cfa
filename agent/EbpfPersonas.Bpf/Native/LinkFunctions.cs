using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>
/// bpf.h: links and the names under which they outlive their process. They return a negative errno, but for
/// <see cref="syscall"/>, which sets errno.
/// </summary>
internal static unsafe partial class LinkFunctions
{
    /// <summary>enum bpf_link_type of include/uapi/linux/bpf.h, since Linux 6.6.</summary>
    public const uint BPF_LINK_TYPE_TCX = 11;

    /// <summary>enum bpf_cmd of include/uapi/linux/bpf.h.</summary>
    public const int BPF_PROG_QUERY = 16;

    /// <summary>struct bpf_link_info of include/uapi/linux/bpf.h, of which we read the part about tcx.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    public struct bpf_link_info
    {
        [FieldOffset(0)]
        public uint type;

        [FieldOffset(4)]
        public uint id;

        [FieldOffset(8)]
        public uint prog_id;

        [FieldOffset(16)]
        public uint ifindex;

        [FieldOffset(20)]
        public uint attach_type;
    }

    /// <summary>
    /// The part of union bpf_attr for <see cref="BPF_PROG_QUERY"/>, since Linux 6.6; libbpf 1.1 does not know all of
    /// it.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    public struct bpf_attr_query
    {
        [FieldOffset(0)]
        public int target_ifindex;

        [FieldOffset(4)]
        public int attach_type;

        [FieldOffset(16)]
        public uint* prog_ids;

        [FieldOffset(24)]
        public uint count;

        [FieldOffset(40)]
        public uint* link_ids;
    }

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_obj_pin(int fd, byte* path);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_obj_get(byte* path);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_link_update(int linkFd, int programFd, void* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_link_detach(int linkFd);

    /// <summary>Without a name: that which the program was loaded for (BPF_TRACE_RAW_TP).</summary>
    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_raw_tracepoint_open(byte* name, int programFd);

    /// <summary>bpf(2), which libc does not wrap.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(long number, long command, bpf_attr_query* attributes, long size);
}
