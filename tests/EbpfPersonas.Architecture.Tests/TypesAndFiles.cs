using System.Text.RegularExpressions;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>One public type a file, and the file is called as a type in it.</summary>
internal static partial class TypesAndFiles
{
    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files)
    {
        foreach (var file in files.Where(file => file.IsCSharp))
        {
            var types = Declaration().Matches(file.Text).ToArray();
            var visible = types.Where(type => type.Groups["access"].Value.Trim() == "public")
                .Select(Name).Distinct().ToArray();
            if (visible.Length > 1)
            {
                yield return $"{file.Path}: public types {string.Join(", ", visible)}";
            }

            if (types.Length > 0 && file.Stem != "Program" && !types.Select(Name).Contains(file.Stem))
            {
                yield return $"{file.Path}: its types are {string.Join(", ", types.Select(Name))}";
            }
        }
    }

    private static string Name(Match type) => type.Groups["name"].Value;

    [GeneratedRegex(
        @"^(?<access>public |internal |file )?(?:(?:static|sealed|abstract|partial|readonly|ref|unsafe) )*" +
        @"(?:class|record struct|record class|record|struct|interface|enum|delegate [\w<>?\[\]]+) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
