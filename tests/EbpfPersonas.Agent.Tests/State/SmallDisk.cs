using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.Agent.Tests.State;

/// <summary>
/// A file system of a test's own, which can be filled up and made read-only: root minds no permissions.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static async Task<SmallDisk> MountAsync()
    {
        var disk = new SmallDisk(Directory.CreateTempSubdirectory("ebpf-personas-disk-").FullName);
        await RunningProcess.RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.Path);
        return disk;
    }

    public Task MakeReadOnlyAsync() => RunningProcess.RunAsync("mount", "-o", "remount,ro", Path);

    public Task MakeWritableAsync() => RunningProcess.RunAsync("mount", "-o", "remount,rw", Path);

    /// <summary>Leaves room for nothing.</summary>
    public void Fill()
    {
        using var file = File.Create(System.IO.Path.Join(Path, "fill"), 1);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom() => File.Delete(System.IO.Path.Join(Path, "fill"));

    public async ValueTask DisposeAsync()
    {
        await RunningProcess.RunAsync("umount", Path);
        Directory.Delete(Path);
    }
}
