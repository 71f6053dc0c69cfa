using System.Runtime.InteropServices;
using System.Text;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>
/// Collects what libbpf prints on this thread, so that an exception can say it: libbpf answers a refused program with
/// an errno and prints the verifier's reason. Nothing reaches the process's standard error.
/// </summary>
internal static unsafe class LibbpfLog
{
    private const int LengthMax = 64 * 1024;
    private const int DebugLevel = 2;

    [ThreadStatic]
    private static StringBuilder? Lines;

    static LibbpfLog() => ObjectFunctions.libbpf_set_print(&Print);

    /// <summary>Runs <paramref name="action"/>; gives its result and what libbpf said meanwhile.</summary>
    public static (T Result, string Log) Collect<T>(Func<T> action)
    {
        Lines = new StringBuilder();
        try
        {
            return (action(), Lines.ToString().TrimEnd());
        }
        finally
        {
            Lines = null;
        }
    }

    /// <summary>A libbpf_print_fn_t: the format's arguments are a va_list, which only C can read.</summary>
    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, nint arguments)
    {
        if (level >= DebugLevel || Lines is not { Length: < LengthMax } lines)
        {
            return 0;
        }

        // A verifier's log comes as one message; its end says why.
        const int Size = 1024 * 1024;
        var text = (byte*)NativeMemory.Alloc(Size);
        var length = Math.Clamp(FormatFunctions.vsnprintf(text, Size, format, arguments), 0, Size - 1);
        var tail = Math.Min(length, LengthMax);
        lines.Append(Encoding.UTF8.GetString(text + length - tail, tail));
        NativeMemory.Free(text);
        return 0;
    }
}
