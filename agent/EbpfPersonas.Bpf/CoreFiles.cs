using System.ComponentModel;
using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>What the kernel writes of a process that crashes (core(5)).</summary>
public static unsafe class CoreFiles
{
    /// <summary>
    /// No file of this process, nor of those that it starts: its memory holds keys. And where the kernel hands a core
    /// to a program, which no limit prevents, nothing of its memory is in it. Throws <see cref="Win32Exception"/>.
    /// </summary>
    public static void Forbid()
    {
        try
        {
            File.WriteAllText("/proc/self/coredump_filter", "0");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A kernel that writes no cores has no such file.
        }

        var none = default(ResourceFunctions.rlimit_octets);
        if (ResourceFunctions.setrlimit(ResourceFunctions.RLIMIT_CORE, &none) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }
}
