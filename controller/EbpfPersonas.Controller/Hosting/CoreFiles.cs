namespace EbpfPersonas.Controller.Hosting;

/// <summary>Keeps this process's memory, in which are keys and secrets, out of core files.</summary>
internal static class CoreFiles
{
    /// <summary>
    /// From now on a core file of this process, or of one that it starts, has none of its memory in it (core(5)).
    /// Unlike a limit of size zero, this also holds where the kernel hands the core to a program.
    /// </summary>
    public static void LeaveOutMemory()
    {
        try
        {
            File.WriteAllText("/proc/self/coredump_filter", "0");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A kernel that writes no cores has no such file.
        }
    }
}
