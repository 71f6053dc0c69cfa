namespace EbpfPersonas.Controller.Tests;

/// <summary>Finds files of the repository that the tests were built from.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    public static string Case(string name, string file) => Path.Combine(Root, "tests", "cases", name, file);

    private static string FindRoot(string from)
    {
        var folder = from;
        while (!File.Exists(Path.Combine(folder, "EbpfPersonas.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException($"No solution above {from}.");
        }

        return folder;
    }
}
