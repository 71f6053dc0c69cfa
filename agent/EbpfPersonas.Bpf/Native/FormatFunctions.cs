using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>stdio.h. On x86-64 and arm64 a va_list parameter is passed as a pointer.</summary>
internal static unsafe partial class FormatFunctions
{
    [LibraryImport("libc")]
    public static partial int vsnprintf(byte* to, nuint size, byte* format, nint arguments);
}
