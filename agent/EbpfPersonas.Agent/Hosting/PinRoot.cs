using EbpfPersonas.Agent.Settings;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>The folder in which the datapath is pinned has to be on a bpffs.</summary>
internal static class PinRoot
{
    /// <summary>
    /// Throws <see cref="SettingsException"/> where <paramref name="pinDirectory"/>, which need not exist yet, would
    /// not be on a bpffs.
    /// </summary>
    public static void Require(string? pinDirectory)
    {
        if (pinDirectory is not null && FileSystemOf(pinDirectory, File.ReadLines("/proc/self/mountinfo")) != "bpf")
        {
            throw new SettingsException(
            [
                $"pin_root: {pinDirectory} is not on a bpffs; 'mount -t bpf bpf /sys/fs/bpf' makes one, and 'none' "
                + "lets the filters end with the agent.",
            ]);
        }
    }

    /// <summary>
    /// The type of the file system that <paramref name="path"/> is on, by the lines of proc_pid_mountinfo(5); empty
    /// where there is none.
    /// </summary>
    public static string FileSystemOf(string path, IEnumerable<string> mounts)
    {
        var (longest, type) = (-1, string.Empty);
        foreach (var words in mounts.Select(line => line.Split(' ')))
        {
            var point = words[4].Replace("\\040", " ", StringComparison.Ordinal).TrimEnd('/');
            var dash = Array.IndexOf(words, "-", 6);

            // A later mount at the same place hides the earlier one.
            if (dash > 0 && point.Length >= longest && $"{path}/".StartsWith($"{point}/", StringComparison.Ordinal))
            {
                (longest, type) = (point.Length, words[dash + 1]);
            }
        }

        return type;
    }
}
