using System.Text.RegularExpressions;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>Native functions are declared in EbpfPersonas.Bpf alone, and it knows no product words.</summary>
internal static partial class NativeWall
{
    private const string Wall = "agent/EbpfPersonas.Bpf";

    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files) =>
        from file in files
        where file.IsCSharp
        from line in file.Lines
        where file.IsIn(Wall) ? ProductWord().IsMatch(line.Text) : Native().IsMatch(line.Text)
        select $"{file.Path}:{line.Number}: {line.Text.Trim()}";

    [GeneratedRegex(
        @"\[(assembly:\s*)?(System\.Runtime\.InteropServices\.)?(LibraryImport|DllImport)(Attribute)?\(|" +
        @"extern\s+\w+\s+\w+\(")]
    private static partial Regex Native();

    [GeneratedRegex(@"\b([Pp]ersonas?|[Tt]riggers?|[Vv]erdicts?|[Ff]irewall)\b")]
    private static partial Regex ProductWord();
}
