using System.Globalization;
using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf;

/// <summary>
/// A call of libbpf or the kernel failed: what was tried, the errno, and what libbpf or the verifier said.
/// </summary>
public sealed class BpfException : Exception
{
    /// <summary><paramref name="errno"/> is positive; <paramref name="log"/> may be empty.</summary>
    public BpfException(string operation, int errno, string log = "")
        : base(Describe(operation, errno, log))
    {
        Operation = operation;
        Errno = errno;
        Log = log;
    }

    /// <summary>What was tried, for example "load filter".</summary>
    public string Operation { get; }

    /// <summary>The positive errno, errno(3).</summary>
    public int Errno { get; }

    /// <summary>libbpf's warnings and the verifier's log, or empty.</summary>
    public string Log { get; }

    /// <summary>Throws when <paramref name="result"/> is a negative errno; gives it back otherwise.</summary>
    internal static int Check(int result, string operation, string log = "") =>
        result >= 0 ? result : throw new BpfException(operation, -result, log);

    private static string Describe(string operation, int errno, string log)
    {
        var message = string.Create(
            CultureInfo.InvariantCulture,
            $"{operation}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
        return log.Length == 0 ? message : $"{message}\n{log}";
    }
}
