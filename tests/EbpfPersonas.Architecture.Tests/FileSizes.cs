namespace EbpfPersonas.Architecture.Tests;

/// <summary>
/// No file of code is over 400 lines, and nineteen of twenty C# files are under 250; the README fits on a few screens.
/// </summary>
internal static class FileSizes
{
    private const int Limit = 400;
    private const int UsualLimit = 250;
    private const int ReadmeLimit = 150;

    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files)
    {
        foreach (var file in files.Where(file => (file.IsCSharp || file.IsC) && LinesOf(file) > Limit))
        {
            yield return $"{file.Path}: {LinesOf(file)} lines, {Limit} is the limit";
        }

        var sizes = files.Where(file => file.IsCSharp).Select(LinesOf).Order().ToArray();
        if (sizes.Length > 0 && sizes[sizes.Length * 95 / 100] > UsualLimit)
        {
            yield return $"one C# file in twenty is over {UsualLimit} lines";
        }

        if (files.FirstOrDefault(file => file.Path == "README.md") is not { } readme)
        {
            yield return "there is no README.md";
        }
        else if (LinesOf(readme) > ReadmeLimit)
        {
            yield return $"README.md: {LinesOf(readme)} lines, {ReadmeLimit} is the limit";
        }
    }

    private static int LinesOf(SourceFile file) => file.Text.AsSpan().Count('\n');
}
