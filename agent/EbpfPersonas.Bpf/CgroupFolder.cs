using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.Bpf;

/// <summary>A cgroup v2 that programs can be attached to.</summary>
public sealed unsafe class CgroupFolder : IDisposable
{
    private readonly SafeFileHandle _folder;

    private CgroupFolder(SafeFileHandle folder) => _folder = folder;

    internal int Descriptor => (int)_folder.DangerousGetHandle();

    /// <summary>
    /// Opens the cgroup at <paramref name="path"/>; throws <see cref="BpfException"/>. That it is a cgroup v2 shows
    /// only when something is attached.
    /// </summary>
    public static CgroupFolder Open(string path)
    {
        fixed (byte* bytes = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            var descriptor = LibC.open(bytes, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC);
            return descriptor >= 0
                ? new CgroupFolder(new SafeFileHandle(descriptor, ownsHandle: true))
                : throw new BpfException($"open cgroup {path}", LibC.errno);
        }
    }

    /// <summary>
    /// Where the cgroup v2 hierarchy is mounted, by the lines of /proc/self/mounts (proc_pid_mounts(5)); null where it
    /// is not.
    /// </summary>
    public static string? FindRoot(IEnumerable<string> mounts)
    {
        ArgumentNullException.ThrowIfNull(mounts);
        var found = mounts.Select(line => line.Split(' ')).FirstOrDefault(fields => fields is [_, _, "cgroup2", ..]);
        return found?[1].Replace(@"\040", " ", StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
