using System.Text.RegularExpressions;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>
/// Protos &lt;- Personas &lt;- {Controller, Agent}; Bpf &lt;- Agent. Tests may refer to anything, nothing may refer to
/// tests.
/// </summary>
internal static partial class ProjectReferences
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["EbpfPersonas.Protos"] = [],
        ["EbpfPersonas.Personas"] = ["EbpfPersonas.Protos"],
        ["EbpfPersonas.Bpf"] = [],
        ["EbpfPersonas.Agent"] = ["EbpfPersonas.Personas", "EbpfPersonas.Bpf"],
        ["EbpfPersonas.Controller"] = ["EbpfPersonas.Personas"],
    };

    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files) =>
        from project in files
        where project.Path.EndsWith(".csproj", StringComparison.Ordinal) && !project.IsIn("tests")
        let name = project.Name[..^".csproj".Length]
        from finding in Allowed.TryGetValue(name, out var allowed)
            ? Reference().Matches(project.Text).Select(match => match.Groups[1].Value)
                .Where(to => !allowed.Contains(to))
                .Select(to => $"{name} refers to {to}")
            : [$"{project.Path} has no place in the house"]
        select finding;

    [GeneratedRegex("""<ProjectReference\s+Include="(?:[^"]*/)?([^"/]+)\.csproj""")]
    private static partial Regex Reference();
}
