using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>libc, as far as Tmds.LibC has it not. They return -1 and set errno.</summary>
internal static unsafe partial class FileFunctions
{
    /// <summary>sys/file.h: exclusive.</summary>
    public const int LOCK_EX = 2;

    /// <summary>sys/file.h: do not wait.</summary>
    public const int LOCK_NB = 4;

    /// <summary>include/uapi/linux/magic.h.</summary>
    public const long BPF_FS_MAGIC = 0xcafe4a11;

    /// <summary>struct statfs on 64-bit machines, of which we read the first field.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 120)]
    public struct statfs_buffer
    {
        public long f_type;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(int fd, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statfs(string path, statfs_buffer* buffer);
}
