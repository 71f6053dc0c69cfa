using System.Text.RegularExpressions;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>Every path of the repository that a document or a comment mentions is there.</summary>
internal static partial class DocumentedPaths
{
    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files) =>
        from file in files
        from line in file.Lines
        from path in Mentioned(file, line.Text)
        where !Repository.Exists(path)
        select $"{file.Path}:{line.Number}: {path}";

    private static IEnumerable<string> Mentioned(SourceFile file, string line)
    {
        if (file.Path.EndsWith(".md", StringComparison.Ordinal))
        {
            return Quoted().Matches(line).Select(match => match.Groups["path"].Value);
        }

        return (file.IsCSharp || file.IsC) && Comment().Match(line) is { Success: true } comment
            ? Plain().Matches(comment.Value).Select(match => match.Groups["path"].Value)
            : [];
    }

    /// <summary>In code spans and links of Markdown.</summary>
    [GeneratedRegex(@"[`(](?<path>(?:protos|bpf|controller|agent|tests|vagrant|build|docs|\.ci)/[\w./*-]*)[`)]")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"//.*|/\*.*|^\s*\*.*")]
    private static partial Regex Comment();

    /// <summary>In running text, where a full stop may follow.</summary>
    [GeneratedRegex(@"(?<![\w/.-])(?<path>(?:protos|bpf|controller|agent|tests|vagrant|build|docs)/[\w./*-]*[\w*])")]
    private static partial Regex Plain();
}
