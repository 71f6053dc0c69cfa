using System.ComponentModel;
using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;
using Tmds.Linux;

namespace EbpfPersonas.Bpf;

/// <summary>The kernel's tick, by which its coarse clocks and jiffies advance.</summary>
public static unsafe class KernelTick
{
    /// <summary>
    /// How long it is: 1/CONFIG_HZ, 1 to 10 ms, as clock_getres(2) says of the coarse clocks. Throws
    /// <see cref="Win32Exception"/>.
    /// </summary>
    public static TimeSpan Length
    {
        get
        {
            timespec resolution;
            if (ClockFunctions.clock_getres(ClockFunctions.CLOCK_MONOTONIC_COARSE, &resolution) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }

            return TimeSpan.FromMicroseconds((long)resolution.tv_nsec / 1000.0);
        }
    }
}
