using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>libbpf.h: clsact through rtnetlink. They return a negative errno.</summary>
internal static unsafe partial class TrafficControlFunctions
{
    public const int BPF_TC_INGRESS = 1;
    public const int BPF_TC_EGRESS = 2;
    public const uint BPF_TC_F_REPLACE = 1;

    /// <summary>struct bpf_tc_hook.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_tc_hook
    {
        public nuint sz;
        public int ifindex;
        public int attach_point;
        public uint parent;
        public uint padding;
    }

    /// <summary>struct bpf_tc_opts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_tc_opts
    {
        public nuint sz;
        public int prog_fd;
        public uint flags;
        public uint prog_id;
        public uint handle;
        public uint priority;
        public uint padding;
    }

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_tc_hook_create(bpf_tc_hook* hook);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_tc_hook_destroy(bpf_tc_hook* hook);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_tc_attach(bpf_tc_hook* hook, bpf_tc_opts* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_tc_detach(bpf_tc_hook* hook, bpf_tc_opts* options);

    [LibraryImport(LibbpfLibrary.Name)]
    public static partial int bpf_tc_query(bpf_tc_hook* hook, bpf_tc_opts* options);
}
