using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>bpf.h: thin wrappers of the bpf(2) system call. They return a negative errno.</summary>
internal static unsafe partial class SyscallFunctions
{
    /// <summary>enum bpf_attach_type of include/uapi/linux/bpf.h, since Linux 6.6.</summary>
    public const int BPF_TCX_INGRESS = 46;

    /// <summary>As <see cref="BPF_TCX_INGRESS"/>, the other way.</summary>
    public const int BPF_TCX_EGRESS = 47;

    /// <summary>include/uapi/linux/bpf.h: without a relative program, before all others.</summary>
    public const uint BPF_F_BEFORE = 1 << 3;

    /// <summary>include/uapi/linux/bpf.h: without a relative program, after all others.</summary>
    public const uint BPF_F_AFTER = 1 << 4;

    /// <summary>include/uapi/linux/bpf.h, since Linux 5.18: frames that pass go into the network stack.</summary>
    public const uint BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;

    /// <summary>include/uapi/linux/bpf.h: an update makes an entry and changes none.</summary>
    public const ulong BPF_NOEXIST = 1;

    /// <summary>enum bpf_map_type of include/uapi/linux/bpf.h.</summary>
    public const int BPF_MAP_TYPE_ARRAY = 2;

    /// <summary>enum bpf_map_type of include/uapi/linux/bpf.h.</summary>
    public const int BPF_MAP_TYPE_PROG_ARRAY = 3;

    /// <summary>enum bpf_map_type of include/uapi/linux/bpf.h.</summary>
    public const int BPF_MAP_TYPE_ARRAY_OF_MAPS = 12;

    /// <summary>enum bpf_prog_type of include/uapi/linux/bpf.h.</summary>
    public const int BPF_PROG_TYPE_SCHED_CLS = 3;

    /// <summary>struct bpf_test_run_opts of libbpf 1.1.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_test_run_opts
    {
        public nuint sz;
        public byte* data_in;
        public byte* data_out;
        public uint data_size_in;
        public uint data_size_out;
        public byte* ctx_in;
        public byte* ctx_out;
        public uint ctx_size_in;
        public uint ctx_size_out;
        public uint retval;
        public int repeat;
        public uint duration;
        public uint flags;
        public uint cpu;
        public uint batch_size;
    }

    /// <summary>
    /// struct bpf_prog_info of include/uapi/linux/bpf.h, as far as we read it; the kernel fills as much as fits.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 224)]
    public struct bpf_prog_info
    {
        [FieldOffset(4)]
        public uint id;

        /// <summary>Since Linux 5.16.</summary>
        [FieldOffset(216)]
        public uint verified_insns;
    }

    /// <summary>
    /// struct bpf_map_info of include/uapi/linux/bpf.h, as far as we read it; the kernel fills as much as fits.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 88)]
    public struct bpf_map_info
    {
        [FieldOffset(0)]
        public uint type;

        [FieldOffset(4)]
        public uint id;

        [FieldOffset(8)]
        public uint key_size;

        [FieldOffset(12)]
        public uint value_size;

        [FieldOffset(16)]
        public uint max_entries;

        [FieldOffset(64)]
        public uint btf_id;

        [FieldOffset(68)]
        public uint btf_key_type_id;

        [FieldOffset(72)]
        public uint btf_value_type_id;
    }

    /// <summary>struct bpf_map_create_opts of libbpf 1.1, up to the field that we set.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_map_create_opts
    {
        public nuint sz;
        public uint btf_fd;
        public uint btf_key_type_id;
        public uint btf_value_type_id;
        public uint btf_vmlinux_value_type_id;
        public uint inner_map_fd;
        public uint map_flags;
    }

    /// <summary>struct bpf_link_create_opts of libbpf 1.1, up to the field that we set.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_link_create_opts
    {
        public nuint sz;
        public uint flags;
        public uint padding;
    }

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map_create(
        int type, byte* name, uint keySize, uint valueSize, uint maxEntries, bpf_map_create_opts* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map_delete_elem(int fd, void* key);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map_get_next_key(int fd, void* key, void* next);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_prog_load(
        int type, byte* name, byte* license, ulong* instructions, nuint count, void* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map_lookup_batch(
        int fd, void* inBatch, void* outBatch, void* keys, void* values, uint* count, void* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_link_create(
        int programFd, int targetFd, int attachType, bpf_link_create_opts* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_prog_test_run_opts(int fd, bpf_test_run_opts* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_obj_get_info_by_fd(int fd, void* info, uint* length);
}
