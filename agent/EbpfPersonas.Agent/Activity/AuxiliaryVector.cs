using System.Buffers.Binary;
using System.Text;

namespace EbpfPersonas.Agent.Activity;

/// <summary>What the kernel handed to a program at its start, getauxval(3), read from proc(5).</summary>
internal static class AuxiliaryVector
{
    private const ulong ExecutedName = 31; // AT_EXECFN
    private const int PathMax = 4096;

    /// <summary>
    /// The path as given to exec, from the memory of the process in <paramref name="directory"/> (/proc/PID or
    /// /proc/PID/task/TID); empty where the process has none, and of another user's process where CAP_DAC_READ_SEARCH is
    /// missing. The process may have overwritten it.
    /// </summary>
    public static string ReadExecutedName(string directory)
    {
        try
        {
            return Read(directory);
        }
        catch (UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    private static string Read(string directory)
    {
        var address = Find(File.ReadAllBytes($"{directory}/auxv"), ExecutedName);
        if (address is 0 or > long.MaxValue)
        {
            return string.Empty;
        }

        using var memory = File.OpenHandle(
            $"{directory}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[PathMax];
        var length = RandomAccess.Read(memory, bytes, (long)address);
        var end = bytes.AsSpan(0, length).IndexOf((byte)0);
        return end > 0 ? Encoding.UTF8.GetString(bytes, 0, end) : string.Empty;
    }

    /// <summary>The value of <paramref name="type"/> in a vector of pairs of 64-bit words, or 0.</summary>
    private static ulong Find(ReadOnlySpan<byte> vector, ulong type)
    {
        for (; vector.Length >= 16; vector = vector[16..])
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(vector) == type)
            {
                return BinaryPrimitives.ReadUInt64LittleEndian(vector[8..]);
            }
        }

        return 0;
    }
}
