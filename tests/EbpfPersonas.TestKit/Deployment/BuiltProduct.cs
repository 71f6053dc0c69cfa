namespace EbpfPersonas.TestKit.Deployment;

/// <summary>Where `make build` put what ships, found from the repository that this program runs in.</summary>
public static class BuiltProduct
{
    private static readonly Lazy<string> Root = new(FindRoot);

    /// <summary>The agent's one native file.</summary>
    public static string Agent => Existing("artifacts/agent/ebpf-personas-agent");

    /// <summary>The controller's assembly, run by `dotnet`.</summary>
    public static string Controller => Existing("artifacts/controller/ebpf-personas-controller.dll");

    /// <summary>Debian's Prometheus server, unpacked and not installed.</summary>
    public static string Prometheus => Existing("artifacts/tools/prometheus/usr/bin/prometheus");

    /// <summary>A file of the repository.</summary>
    public static string File(string path) => Existing(path);

    /// <summary>Where a program of the repository may write a result, below artifacts.</summary>
    public static string Output(string path) => Path.Combine(Root.Value, "artifacts", path);

    private static string Existing(string path)
    {
        var full = Path.Combine(Root.Value, path);
        return System.IO.File.Exists(full)
            ? full
            : throw new FileNotFoundException(
                $"{path} is missing; `make build` and the make target of this program make it.", full);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "EbpfPersonas.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"{AppContext.BaseDirectory} is not inside the repository.");
    }
}
