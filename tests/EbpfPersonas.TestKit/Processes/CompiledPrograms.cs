namespace EbpfPersonas.TestKit.Processes;

/// <summary>
/// A folder with the C programs of Programs/, compiled by gcc, and room for others. It goes with
/// this object.
/// </summary>
public class CompiledPrograms : IDisposable
{
    // These begin without a C library.
    private static readonly string[] Bare = ["-nostdlib", "-static", "-fno-stack-protector"];

    public string Folder { get; } = Directory.CreateTempSubdirectory("ebpf-personas-programs-").FullName;

    /// <summary>The path of a program in the folder.</summary>
    public string this[string name] => Path.Join(Folder, name);

    public async Task CompileAsync()
    {
        foreach (var source in Directory.GetFiles(Path.Join(AppContext.BaseDirectory, "Programs"), "*.c"))
        {
            var name = Path.GetFileNameWithoutExtension(source);
            await RunningProcess.RunAsync("gcc", ["-O1", "-pthread", .. ToolOptions(name), "-o", this[name], source]);
        }
    }

    public string Link(string name, string target)
    {
        File.CreateSymbolicLink(this[name], target);
        return this[name];
    }

    /// <summary>Gives a program another name too; the path of it.</summary>
    public string Copy(string program, string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.Copy(program, this[name], overwrite: true);
        return this[name];
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => Directory.Delete(Folder, recursive: true);

    private static string[] ToolOptions(string name) => name switch
    {
        "do_nothing" or "first_packets" => Bare,
        // Runs where there is nothing else.
        "actors" => ["-static"],
        _ => [],
    };
}
