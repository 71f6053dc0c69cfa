using System.Globalization;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// Processes that run already in the network namespace of process <paramref name="ofProcess"/>, as proc(5) shows them.
/// </summary>
internal sealed class ProcFiles(UserNames users, string ofProcess = "self")
{
    private const string DeletedMark = " (deleted)";

    private readonly string _namespace = LinkOf($"/proc/{ofProcess}/ns/net")
        ?? throw new IOException($"/proc/{ofProcess}/ns/net is not readable: is proc mounted?");

    /// <summary>The pids of this moment, of every namespace.</summary>
    public static IEnumerable<uint> Pids() =>
        from directory in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(directory)
        where char.IsAsciiDigit(name[0])
        select uint.Parse(name, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Whether the process is in the namespace. Inode numbers are compared while both live.</summary>
    public bool InNamespace(uint pid) =>
        LiveThread(pid) is { } directory && LinkOf($"{directory}/ns/net") == _namespace;

    /// <summary>The process; null where it has ended, is a kernel thread or belongs to another namespace.</summary>
    public RunningProcess? Read(uint pid)
    {
        try
        {
            if (LiveThread(pid) is not { } directory || LinkOf($"{directory}/ns/net") != _namespace
                || LinkOf($"{directory}/exe") is not { } executable)
            {
                return null;
            }

            executable = executable.EndsWith(DeletedMark, StringComparison.Ordinal)
                ? executable[..^DeletedMark.Length]
                : executable;
            var executed = AuxiliaryVector.ReadExecutedName(directory);
            var status = File.ReadAllLines($"{directory}/status");
            var userId = Number(status, "Uid:");
            var image = new ProcessImage(
                DescriptorPath.Given(executed),
                IsScript(directory, executed, executable) ? string.Empty : executable,
                userId,
                users.NameOf(userId));
            return new RunningProcess(pid, Number(status, "PPid:"), image);
        }
        catch (IOException)
        {
            return null; // It ended meanwhile.
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// /proc/PID, or the first thread that still has an image where the leader ended before the others.
    /// </summary>
    private static string? LiveThread(uint pid)
    {
        var directory = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}");
        try
        {
            return LinkOf($"{directory}/exe") is not null
                ? directory
                : Directory.EnumerateDirectories($"{directory}/task")
                    .FirstOrDefault(thread => LinkOf($"{thread}/exe") is not null);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether the kernel runs an interpreter for the file that was executed: then the two differ. Links are followed
    /// by reading them, never by opening the file, which its owner may have replaced by a FIFO. A relative path whose
    /// directory is gone is looked for in the arguments, where the kernel puts a script behind its interpreter
    /// (load_script() of fs/binfmt_script.c).
    /// </summary>
    private static bool IsScript(string directory, string executed, string executable)
    {
        if (executed.Length == 0 || executed.StartsWith(DescriptorPath.Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var from = LinkOf($"{directory}/{(executed[0] == '/' ? "root" : "cwd")}");
        return from is not null && RealPath.Resolve(Path.Join(from, executed)) is { } resolved
            ? resolved != executable
            : File.ReadAllText($"{directory}/cmdline").Split('\0').Skip(1).Take(2).Contains(executed);
    }

    private static uint Number(string[] status, string field)
    {
        var line = Array.Find(status, line => line.StartsWith(field, StringComparison.Ordinal))
            ?? throw new IOException($"status has no {field}");
        return uint.Parse(line.Split('\t')[1], NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
