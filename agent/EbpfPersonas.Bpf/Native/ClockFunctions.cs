using System.Runtime.InteropServices;
using Tmds.Linux;

namespace EbpfPersonas.Bpf.Native;

/// <summary>time.h of the C library.</summary>
internal static unsafe partial class ClockFunctions
{
    /// <summary>include/uapi/linux/time.h.</summary>
    public const int CLOCK_MONOTONIC_COARSE = 6;

    /// <summary>include/uapi/linux/time.h.</summary>
    public const int CLOCK_BOOTTIME = 7;

    /// <summary>0, or -1 with errno.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int clock_gettime(int clock, timespec* time);

    /// <summary>0, or -1 with errno.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int clock_getres(int clock, timespec* resolution);
}
