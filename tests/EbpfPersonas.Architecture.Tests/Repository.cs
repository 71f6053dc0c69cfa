namespace EbpfPersonas.Architecture.Tests;

/// <summary>The files that the tests were built from, without what is generated.</summary>
internal static class Repository
{
    private static readonly string[] Generated =
    [
        "bin", "obj", "artifacts", ".git", ".vs", ".idea", ".vagrant", "TestResults",
    ];

    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    public static IReadOnlyList<SourceFile> Files { get; } =
        [.. Walk(Root).OrderBy(file => file.Path, StringComparer.Ordinal)];

    /// <summary>Whether a file or folder is there; the last part may have a <c>*</c>.</summary>
    public static bool Exists(string path)
    {
        var (folder, name) = (Path.GetDirectoryName(path) ?? "", Path.GetFileName(path));
        var full = Path.Combine(Root, folder);
        return name.Length == 0
            ? Directory.Exists(full)
            : Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full, name).Any();
    }

    private static IEnumerable<SourceFile> Walk(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder)
            .Where(file => !Generated.Contains(Path.GetFileName(file))))
        {
            yield return new SourceFile(Path.GetRelativePath(Root, file).Replace('\\', '/'), File.ReadAllText(file));
        }

        foreach (var inner in Directory.EnumerateDirectories(folder)
            .Where(inner => !Generated.Contains(Path.GetFileName(inner))))
        {
            foreach (var file in Walk(inner))
            {
                yield return file;
            }
        }
    }

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "EbpfPersonas.sln"))
        ? folder
        : FindRoot(
            Path.GetDirectoryName(folder)
            ?? throw new DirectoryNotFoundException("There is no solution above the tests."));
}
