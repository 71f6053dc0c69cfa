using System.ComponentModel;
using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;
using Tmds.Linux;

namespace EbpfPersonas.Bpf;

/// <summary>CLOCK_BOOTTIME: nobody sets it, and it goes on while the machine is suspended (clock_gettime(2)).</summary>
public static unsafe class BootClock
{
    /// <summary>Since the machine was booted; throws <see cref="Win32Exception"/>.</summary>
    public static TimeSpan Now
    {
        get
        {
            timespec now;
            return ClockFunctions.clock_gettime(ClockFunctions.CLOCK_BOOTTIME, &now) == 0
                ? TimeSpan.FromSeconds((long)now.tv_sec) + FromNanoseconds((ulong)(long)now.tv_nsec)
                : throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>As programs read it.</summary>
    public static TimeSpan FromNanoseconds(ulong nanoseconds) => TimeSpan.FromTicks((long)(nanoseconds / 100));
}
