using System.Buffers.Binary;
using System.ComponentModel;
using System.Security.Cryptography;
using Tmds.Linux;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// A file that is there wholly or not at all, and that is believed only if it is exactly what was written. In front of
/// the content stands a header of 48 octets: magic (8), format version (4), length of the content (4), both little
/// endian, and the content's SHA-256.
/// </summary>
internal static class StateFile
{
    /// <summary>
    /// The longest content: the longest message that a controller may send, and what is put around it.
    /// </summary>
    public const int ContentMax = (64 * 1024 * 1024) + 4096;

    /// <summary>Octets in front of the content.</summary>
    public const int HeaderLength = 16 + SHA256.HashSizeInBytes;

    /// <summary>
    /// What a write leaves beside the file when the process dies in the middle; the next one replaces it.
    /// </summary>
    public const string BesideSuffix = ".new";

    private const uint FormatVersion = 1;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static ReadOnlySpan<byte> Magic => "EBPFPST\n"u8;

    /// <summary>The content; throws <see cref="StateFileException"/>.</summary>
    public static byte[] Read(string path)
    {
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Read(file, path);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StateFileException(StateFault.Missing, path, "is not there.", missing);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StateFileException(StateFault.Unreadable, path, failure.Message, failure);
        }
    }

    /// <summary>
    /// Puts <paramref name="content"/> in place of what was there. A durable write outlives the machine when it
    /// returns, any other the process. Throws <see cref="IOException"/> that names the path, and then the old file is
    /// there.
    /// </summary>
    public static void Write(
        string path, ReadOnlySpan<byte> content, bool durable, Action<StateWriteStep>? at = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, ContentMax);
        Span<byte> header = stackalloc byte[HeaderLength];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)content.Length);
        SHA256.HashData(content, header[16..]);
        Replace(path, header, content, durable, at);
    }

    /// <summary>As <see cref="Write"/>, with a header of the caller's, or none.</summary>
    public static void Replace(
        string path, ReadOnlySpan<byte> header, ReadOnlySpan<byte> content, bool durable,
        Action<StateWriteStep>? at = null)
    {
        var beside = path + BesideSuffix;
        try
        {
            WriteBeside(beside, header, content, durable, at);
            File.Move(beside, path, overwrite: true);
            at?.Invoke(StateWriteStep.Renamed);
            if (durable)
            {
                FlushFolder(Path.GetDirectoryName(path)!);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Delete(beside);
            throw new IOException($"{path}: {failure.Message}", failure);
        }
    }

    /// <summary>Makes the names in a folder durable; throws <see cref="IOException"/>.</summary>
    public static unsafe void FlushFolder(string folder)
    {
        int descriptor;
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(folder + '\0'))
        {
            descriptor = LibC.open(name, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC);
        }

        var flushed = descriptor >= 0 && LibC.fsync(descriptor) == 0;
        var errno = LibC.errno;
        if (descriptor >= 0)
        {
            _ = LibC.close(descriptor);
        }

        if (!flushed)
        {
            throw new IOException($"{folder}: {new Win32Exception(errno).Message}.");
        }
    }

    private static void WriteBeside(
        string beside, ReadOnlySpan<byte> header, ReadOnlySpan<byte> content, bool durable,
        Action<StateWriteStep>? at)
    {
        Delete(beside);
        using var file = new FileStream(beside, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = OwnerOnly,
        });
        at?.Invoke(StateWriteStep.Created);
        file.Write(header);
        file.Write(content[..(content.Length / 2)]);
        at?.Invoke(StateWriteStep.HalfWritten);
        file.Write(content[(content.Length / 2)..]);
        if (durable)
        {
            file.Flush(flushToDisk: true);
        }

        at?.Invoke(StateWriteStep.Written);
    }

    private static byte[] Read(FileStream file, string path)
    {
        var length = file.Length;
        if (length > HeaderLength + ContentMax)
        {
            throw new StateFileException(StateFault.Oversized, path, $"has {length} octets, more than any state.");
        }

        Span<byte> header = stackalloc byte[HeaderLength];
        var read = file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false);
        if (read < HeaderLength)
        {
            throw new StateFileException(StateFault.Truncated, path, $"ends in its header, after {read} octets.");
        }

        if (!header[..8].SequenceEqual(Magic))
        {
            throw new StateFileException(StateFault.Damaged, path, "does not begin as a state does.");
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != FormatVersion)
        {
            throw new StateFileException(
                StateFault.Format, path, $"has format version {version}, this agent reads {FormatVersion}.");
        }

        var promised = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (length < HeaderLength + promised)
        {
            throw new StateFileException(
                StateFault.Truncated, path, $"ends after {length - HeaderLength} of {promised} octets.");
        }

        var content = new byte[length - HeaderLength];
        file.ReadExactly(content);
        return length == HeaderLength + promised && SHA256.HashData(content).AsSpan().SequenceEqual(header[16..])
            ? content
            : throw new StateFileException(StateFault.Damaged, path, "is not what was written: its digest differs.");
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What cannot be deleted cannot be written either, and then that is the failure.
        }
    }
}
