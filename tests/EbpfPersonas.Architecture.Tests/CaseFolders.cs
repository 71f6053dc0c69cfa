namespace EbpfPersonas.Architecture.Tests;

/// <summary>A case has a document, and either its errors or its packets and its compiled form.</summary>
internal static class CaseFolders
{
    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files) =>
        from file in files
        where file.IsIn("tests/cases")
        group file.Name by file.Path.Split('/')[2] into folder
        let names = folder.Where(name => !name.EndsWith(".json", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToArray()
        where !folder.Contains("persona.json") || !(names is ["errors.txt"] or ["compiled.txt", "packets.txt"])
        select $"tests/cases/{folder.Key}: {string.Join(", ", folder)}";
}
