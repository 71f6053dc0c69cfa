using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// A record of the ring, decoded. Octets that are not UTF-8 become U+FFFD: such a name matches no trigger.
/// </summary>
internal readonly record struct ProcessRecord(ProcessEvent Event, string Path, string Executable)
{
    /// <summary>
    /// Decodes <paramref name="record"/>; throws <see cref="InvalidDataException"/> where it is not what the kernel
    /// side writes.
    /// </summary>
    public static ProcessRecord Decode(ReadOnlySpan<byte> record)
    {
        var size = Unsafe.SizeOf<ProcessEvent>();
        if (record.Length < size)
        {
            throw new InvalidDataException($"A process record has at least {size} octets, not {record.Length}.");
        }

        var head = MemoryMarshal.Read<ProcessEvent>(record);
        var text = record[size..];
        return head.PathLength + head.ExecutableLength == text.Length
            ? new ProcessRecord(
                head,
                Encoding.UTF8.GetString(text[..head.PathLength]),
                Encoding.UTF8.GetString(text[head.PathLength..]))
            : throw new InvalidDataException(
                $"A process record announces {head.PathLength} and {head.ExecutableLength} octets "
                + $"and has {text.Length}.");
    }
}
