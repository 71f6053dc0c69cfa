namespace EbpfPersonas.Architecture.Tests;

/// <summary>A text file; the path is relative to the repository, with slashes.</summary>
public sealed record SourceFile(string Path, string Text)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The name up to its first dot.</summary>
    public string Stem => Name.Split('.')[0];

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    public bool IsC => Path.EndsWith(".c", StringComparison.Ordinal) || Path.EndsWith(".h", StringComparison.Ordinal);

    public IEnumerable<(int Number, string Text)> Lines => Text.Split('\n').Select((line, i) => (i + 1, line));

    public bool IsIn(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);
}
