using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.Bpf;

/// <summary>
/// A folder on a BPF file system that one process holds at a time; the hold ends with the process, however it ends.
/// </summary>
public sealed unsafe class PinFolder : IDisposable
{
    private const ushort OwnerOnly = 0x1c0; // 0700

    private readonly SafeFileHandle _lock;

    private PinFolder(string path, SafeFileHandle held) => (Path, _lock) = (path, held);

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>The file system refuses names with a dot, which ids of VMs may have.</summary>
    public static string Usable(string path)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        return System.IO.Path.Join(
            System.IO.Path.GetDirectoryName(full),
            System.IO.Path.GetFileName(full).Replace(".", "%2E", StringComparison.Ordinal));
    }

    /// <summary>
    /// Makes the folder if it is not there, and holds it. Throws <see cref="IOException"/> where another process does,
    /// and where the place is on no BPF file system.
    /// </summary>
    public static PinFolder Take(string path)
    {
        RequireBpfFileSystem(path);
        while (true)
        {
            Make(path);
            var handle = OpenDirectory(path);
            const int Exclusive = FileFunctions.LOCK_EX | FileFunctions.LOCK_NB;
            if (FileFunctions.flock((int)handle.DangerousGetHandle(), Exclusive) < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                handle.Dispose();
                throw new IOException(errno == LibC.EWOULDBLOCK
                    ? $"{path} is held by another agent that runs: only one may govern a VM."
                    : $"{path}: {Marshal.GetPInvokeErrorMessage(errno)}");
            }

            // Whoever held it before may have deleted the folder meanwhile.
            if (IsStillAt(path, handle))
            {
                return new PinFolder(path, handle);
            }

            handle.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>
    /// Throws <see cref="IOException"/> where <paramref name="path"/>, which need not exist yet, is on no BPF file
    /// system.
    /// </summary>
    public static void RequireBpfFileSystem(string path)
    {
        var existing = path;
        while (!Directory.Exists(existing))
        {
            existing = System.IO.Path.GetDirectoryName(existing)
                ?? throw new IOException($"{path} is no place for BPF maps.");
        }

        FileFunctions.statfs_buffer found;
        if (FileFunctions.statfs(existing, &found) < 0 || (found.f_type & 0xffffffff) != FileFunctions.BPF_FS_MAGIC)
        {
            throw new IOException(
                $"{path} is not on a BPF file system, so nothing there outlives the agent; as root: " +
                "mount -t bpf bpf /sys/fs/bpf");
        }
    }

    /// <summary>Nobody else may hold it, so nobody else may open it.</summary>
    private static void Make(string path)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            if (LibC.mkdir(name, OwnerOnly) < 0 && LibC.errno != LibC.EEXIST)
            {
                throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(LibC.errno)}");
            }
        }
    }

    private static SafeFileHandle OpenDirectory(string path)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            var descriptor = LibC.open(name, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC);
            return descriptor >= 0
                ? new SafeFileHandle(descriptor, ownsHandle: true)
                : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(LibC.errno)}");
        }
    }

    private static bool IsStillAt(string path, SafeFileHandle handle)
    {
        using var now = Directory.Exists(path) ? OpenDirectory(path) : null;
        return now is not null && Inode(now) == Inode(handle);
    }

    private static ulong Inode(SafeFileHandle handle)
    {
        // The link in /proc names a deleted folder as such; the inode is what tells two of the same name apart.
        stat status;
        return LibC.fstat((int)handle.DangerousGetHandle(), &status) == 0 ? (ulong)status.st_ino : 0;
    }
}
