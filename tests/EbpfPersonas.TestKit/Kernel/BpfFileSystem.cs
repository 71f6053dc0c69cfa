using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>
/// A BPF file system of one test's own: what is pinned there is nobody else's, and goes with this object.
/// </summary>
public sealed class BpfFileSystem : IAsyncDisposable
{
    private BpfFileSystem(string path) => Path = path;

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>Mounts it; needs root.</summary>
    public static async Task<BpfFileSystem> MountAsync()
    {
        var path = Directory.CreateTempSubdirectory("ebpfp-pins-").FullName;
        await RunningProcess.RunAsync("mount", "-t", "bpf", "bpf", path);
        return new BpfFileSystem(path);
    }

    /// <summary>All that is pinned, and the folders, by path below the root; not what the kernel puts there.</summary>
    public IEnumerable<string> Entries() =>
        Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories)
            .Select(entry => System.IO.Path.GetRelativePath(Path, entry))
            .Where(entry => entry is not ("maps.debug" or "progs.debug"))
            .Order(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await RunningProcess.RunAsync("umount", Path);
        Directory.Delete(Path);
    }
}
