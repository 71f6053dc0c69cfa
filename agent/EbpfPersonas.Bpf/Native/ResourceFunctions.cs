using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>sys/resource.h of the C library.</summary>
internal static unsafe partial class ResourceFunctions
{
    /// <summary>include/uapi/asm-generic/resource.h: the largest core file, in octets.</summary>
    public const int RLIMIT_CORE = 4;

    /// <summary>struct rlimit on 64-bit machines.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct rlimit_octets
    {
        public ulong rlim_cur;
        public ulong rlim_max;
    }

    /// <summary>0, or -1 with errno.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int setrlimit(int resource, rlimit_octets* limit);
}
