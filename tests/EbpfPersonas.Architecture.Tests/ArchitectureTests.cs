namespace EbpfPersonas.Architecture.Tests;

/// <summary>
/// The rules of the house, each held against the repository, against a sample that breaks it, and against one that does
/// not.
/// </summary>
public sealed class ArchitectureTests
{
    private const string References = "projects refer to each other as allowed";
    private const string Wall = "native functions stay behind the wall";
    private const string Ids = "event ids are unique and in range";
    private const string Types = "a file has one public type and its name";
    private const string Sizes = "files are small";
    private const string Places = "no place of one machine is named";
    private const string Paths = "paths that are mentioned exist";
    private const string Work = "nothing is unfinished";
    private const string Cases = "case folders are complete";

    private static readonly Dictionary<string, Func<IReadOnlyList<SourceFile>, IEnumerable<string>>> Rules = new()
    {
        [References] = ProjectReferences.Findings,
        [Wall] = NativeWall.Findings,
        [Ids] = EventIds.Findings,
        [Types] = TypesAndFiles.Findings,
        [Sizes] = FileSizes.Findings,
        [Places] = ForeignPlaces.Findings,
        [Paths] = DocumentedPaths.Findings,
        [Work] = UnfinishedWork.Findings,
        [Cases] = CaseFolders.Findings,
    };

    private static readonly SourceFile Readme = new("README.md", "# Product\n");

    public static TheoryData<string> Names => [.. Rules.Keys];

    public static TheoryData<string, string, string> Broken => new()
    {
        { References, Project("protos/EbpfPersonas.Personas"), Reference("agent/EbpfPersonas.Bpf") },
        { References, Project("agent/EbpfPersonas.Agent"), Reference("controller/EbpfPersonas.Controller") },
        { References, Project("controller/EbpfPersonas.Controller"), Reference("tests/EbpfPersonas.TestKit") },
        { References, Project("agent/EbpfPersonas.Helpers"), "" },
        { Wall, "agent/EbpfPersonas.Agent/Dataplane/Bad.cs", "    [Library" + "Import(\"bpf\")]" },
        { Wall, "tests/EbpfPersonas.TestKit/Bad.cs", "    [Dll" + "Import(\"c\")]" },
        { Wall, "agent/EbpfPersonas.Bpf/Bad.cs", "/// <summary>Loads a per" + "sona.</summary>" },
        { Ids, "agent/EbpfPersonas.Agent/Log.cs", Message("1001") + Message("1001") },
        { Ids, "agent/EbpfPersonas.Agent/Log.cs", Message("2001") },
        { Ids, "controller/EbpfPersonas.Controller/Log.cs", Message("EventId = 1999") },
        { Ids, "controller/EbpfPersonas.Controller/Log.cs", Message("Level = LogLevel.Error") },
        { Types, "agent/Two.cs", "public sealed class Two;\npublic enum Three { }\n" },
        { Types, "agent/Wrong.cs", "internal sealed record Right(int X);\n" },
        { Types, "agent/Wrong.cs", "public readonly record struct Right(int X);\n" },
        { Sizes, "bpf/lib/long.h", Lines(401) },
        { Sizes, "agent/Long.cs", Lines(401) },
        { Sizes, "agent/Longish.cs", Lines(251) },
        { Sizes, "README.md", Lines(151) },
        { Places, "build/script", "cd /wo" + "rk/main" },
        { Places, "docs/x.md", "Look into `/ho" + "me/alice/x`" },
        { Places, "NuGet.config", "value=\"https:/" + "/api.nuget.org/v3/index.json\"" },
        { Places, "build/script", "curl http:/" + "/mirror.corp.lan:8081/x" },
        { Paths, "docs/x.md", "See `bpf/lib/no_such_header.h`." },
        { Paths, "docs/x.md", "See [it](tests/EbpfPersonas.None/)." },
        { Paths, "agent/X.cs", "/// <summary>Mirrors bpf/" + "abi/no_such.h.</summary>" },
        { Paths, "bpf/lib/x.h", "/* Read by bp" + "f/te" + "sts/none.bpf.c. */" },
        { Work, "agent/X.cs", "// TO" + "DO: later" },
        { Work, "agent/X.cs", "throw new NotImplemented" + "Exception();" },
        { Work, "tests/X.cs", "    [Fact(Sk" + "ip = \"flaky\")]" },
        { Cases, "tests/cases/x/packets.txt", "" },
        { Cases, "tests/cases/x/persona.json", "" },
    };

    public static TheoryData<string, string, string> Sound => new()
    {
        { References, Project("agent/EbpfPersonas.Agent"), Reference("agent/EbpfPersonas.Bpf") },
        { Wall, "agent/EbpfPersonas.Bpf/Good.cs", "    [Library" + "Import(\"bpf\")]" },
        { Ids, "agent/EbpfPersonas.Agent/Log.cs", Message("1000") + Message("1999") },
        {
            Types, "agent/One.cs",
            "public sealed partial class One\n{\n    public enum Inner { }\n}\n\ninternal sealed class Beside;\n"
        },
        { Sizes, "agent/Long.cs", Lines(250) },
        {
            Places, "docs/x.md",
            "http://127.0.0.1:7070 http://10.0.0.10:3306 https://db.example.com /var/lib/x $root/ho" + "me/x"
        },
        { Paths, "docs/x.md", "`bpf/lib`, `tests/EbpfPersonas.*.Tests`, `build/`, `/etc/x/y`, `agent.json`" },
        { Work, "agent/X.cs", "// Every to do is done." },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void The_repository_keeps_the_rule_that(string rule)
    {
        var findings = Rules[rule](Repository.Files).ToArray();
        Assert.True(findings.Length == 0, string.Join('\n', findings));
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_breach_is_found_of_the_rule_that(string rule, string path, string text) =>
        Assert.NotEmpty(Rules[rule]([.. path == Readme.Path ? [] : new[] { Readme }, new SourceFile(path, text)]));

    [Theory]
    [MemberData(nameof(Sound))]
    public void What_is_right_passes_the_rule_that(string rule, string path, string text) =>
        Assert.Empty(Rules[rule]([Readme, new SourceFile(path, text)]));

    [Fact]
    public void The_files_of_the_repository_are_seen()
    {
        Assert.True(Repository.Files.Count > 200, $"{Repository.Files.Count} files");
        Assert.Contains(Repository.Files, file => file.Path == "bpf/abi/verdict.h");
        Assert.Contains(Repository.Files, file => file.Path == "tests/EbpfPersonas.Architecture.Tests/SourceFile.cs");
        Assert.Contains(Repository.Files, file => file.Path == Project("protos/EbpfPersonas.Personas"));
    }

    [Fact]
    public void Every_rule_has_a_sample_that_breaks_it() =>
        Assert.Empty(Rules.Keys.Except(Broken.Select(row => (string)row[0])));

    private static string Project(string folder) => $"{folder}/{folder.Split('/')[1]}.csproj";

    private static string Reference(string to) =>
        $"<Project><ItemGroup><ProjectReference Include=\"../../{Project(to)}\" /></ItemGroup></Project>";

    private static string Message(string id) => $"    [Logger" + $"Message({id}, LogLevel.Error, \"x\")]\n";

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("// line\n", count));
}
