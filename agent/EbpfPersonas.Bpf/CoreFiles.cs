using System.ComponentModel;
using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>What the kernel writes of a process that crashes (core(5)).</summary>
public static unsafe class CoreFiles
{
    /// <summary>
    /// None of this process, nor of those that it starts: its memory holds keys. Throws <see cref="Win32Exception"/>.
    /// </summary>
    public static void Forbid()
    {
        var none = default(ResourceFunctions.rlimit_octets);
        if (ResourceFunctions.setrlimit(ResourceFunctions.RLIMIT_CORE, &none) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }
}
