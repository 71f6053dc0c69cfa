namespace EbpfPersonas.Architecture.Tests;

/// <summary>The rules of the house, each held against the repository, against a sample that breaks it, and against one that does not.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, Func<IReadOnlyList<SourceFile>, IEnumerable<string>>> Rules = new()
    {
        ["projects refer to each other as allowed"] = ProjectReferences.Findings,
        ["native functions stay behind the wall"] = NativeWall.Findings,
        ["event ids are unique and in range"] = EventIds.Findings,
        ["a file has one public type and its name"] = TypesAndFiles.Findings,
        ["files are small"] = FileSizes.Findings,
        ["no place of one machine is named"] = ForeignPlaces.Findings,
        ["paths that are mentioned exist"] = DocumentedPaths.Findings,
        ["nothing is unfinished"] = UnfinishedWork.Findings,
        ["case folders are complete"] = CaseFolders.Findings,
    };

    private static readonly SourceFile Readme = new("README.md", "# Product\n");

    public static TheoryData<string> Names => [.. Rules.Keys];

    public static TheoryData<string, string, string> Broken => new()
    {
        { "projects refer to each other as allowed", "protos/EbpfPersonas.Personas/EbpfPersonas.Personas.csproj", Reference("../../agent/EbpfPersonas.Bpf/EbpfPersonas.Bpf.csproj") },
        { "projects refer to each other as allowed", "agent/EbpfPersonas.Agent/EbpfPersonas.Agent.csproj", Reference("../../controller/EbpfPersonas.Controller/EbpfPersonas.Controller.csproj") },
        { "projects refer to each other as allowed", "controller/EbpfPersonas.Controller/EbpfPersonas.Controller.csproj", Reference("../../tests/EbpfPersonas.TestKit/EbpfPersonas.TestKit.csproj") },
        { "projects refer to each other as allowed", "agent/EbpfPersonas.Helpers/EbpfPersonas.Helpers.csproj", "" },
        { "native functions stay behind the wall", "agent/EbpfPersonas.Agent/Dataplane/Bad.cs", "    [Library" + "Import(\"bpf\")]" },
        { "native functions stay behind the wall", "tests/EbpfPersonas.TestKit/Bad.cs", "    [Dll" + "Import(\"c\")]" },
        { "native functions stay behind the wall", "agent/EbpfPersonas.Bpf/Bad.cs", "/// <summary>Loads a per" + "sona.</summary>" },
        { "event ids are unique and in range", "agent/EbpfPersonas.Agent/Log.cs", Message("1001") + Message("1001") },
        { "event ids are unique and in range", "agent/EbpfPersonas.Agent/Log.cs", Message("2001") },
        { "event ids are unique and in range", "controller/EbpfPersonas.Controller/Log.cs", Message("EventId = 1999") },
        { "event ids are unique and in range", "controller/EbpfPersonas.Controller/Log.cs", Message("Level = LogLevel.Error") },
        { "a file has one public type and its name", "agent/Two.cs", "public sealed class Two;\npublic enum Three { }\n" },
        { "a file has one public type and its name", "agent/Wrong.cs", "internal sealed record Right(int X);\n" },
        { "a file has one public type and its name", "agent/Wrong.cs", "public readonly record struct Right(int X);\n" },
        { "files are small", "bpf/lib/long.h", Lines(401) },
        { "files are small", "agent/Long.cs", Lines(401) },
        { "files are small", "agent/Longish.cs", Lines(251) },
        { "files are small", "README.md", Lines(151) },
        { "no place of one machine is named", "build/script", "cd /wo" + "rk/main" },
        { "no place of one machine is named", "docs/x.md", "Look into `/ho" + "me/alice/x`" },
        { "no place of one machine is named", "NuGet.config", "value=\"https:/" + "/api.nuget.org/v3/index.json\"" },
        { "no place of one machine is named", "build/script", "curl http:/" + "/mirror.corp.lan:8081/x" },
        { "paths that are mentioned exist", "docs/x.md", "See `bpf/lib/no_such_header.h`." },
        { "paths that are mentioned exist", "docs/x.md", "See [it](tests/EbpfPersonas.None/)." },
        { "paths that are mentioned exist", "agent/X.cs", "/// <summary>Mirrors bpf/" + "abi/no_such.h.</summary>" },
        { "paths that are mentioned exist", "bpf/lib/x.h", "/* Read by bp" + "f/te" + "sts/none.bpf.c. */" },
        { "nothing is unfinished", "agent/X.cs", "// TO" + "DO: later" },
        { "nothing is unfinished", "agent/X.cs", "throw new NotImplemented" + "Exception();" },
        { "nothing is unfinished", "tests/X.cs", "    [Fact(Sk" + "ip = \"flaky\")]" },
        { "case folders are complete", "tests/cases/x/packets.txt", "" },
        { "case folders are complete", "tests/cases/x/persona.json", "" },
    };

    public static TheoryData<string, string, string> Sound => new()
    {
        { "projects refer to each other as allowed", "agent/EbpfPersonas.Agent/EbpfPersonas.Agent.csproj", Reference("../EbpfPersonas.Bpf/EbpfPersonas.Bpf.csproj") },
        { "native functions stay behind the wall", "agent/EbpfPersonas.Bpf/Good.cs", "    [Library" + "Import(\"bpf\")]" },
        { "event ids are unique and in range", "agent/EbpfPersonas.Agent/Log.cs", Message("1000") + Message("1999") },
        { "a file has one public type and its name", "agent/One.cs", "public sealed partial class One\n{\n    public enum Inner { }\n}\n\ninternal sealed class Beside;\n" },
        { "files are small", "agent/Long.cs", Lines(250) },
        { "no place of one machine is named", "docs/x.md", "http://127.0.0.1:7070 http://10.0.0.10:3306 https://db.example.com /var/lib/x $root/ho" + "me/x" },
        { "paths that are mentioned exist", "docs/x.md", "`bpf/lib`, `tests/EbpfPersonas.*.Tests`, `build/`, `/etc/x/y`, `agent.json`" },
        { "nothing is unfinished", "agent/X.cs", "// Every to do is done." },
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
        Assert.NotEmpty(Rules[rule](path == Readme.Path ? [new SourceFile(path, text)] : [Readme, new SourceFile(path, text)]));

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
        Assert.Contains(Repository.Files, file => file.Path == "protos/EbpfPersonas.Personas/EbpfPersonas.Personas.csproj");
    }

    [Fact]
    public void Every_rule_has_a_sample_that_breaks_it() =>
        Assert.Empty(Rules.Keys.Except(Broken.Select(row => (string)row[0])));

    private static string Reference(string to) => $"<Project><ItemGroup><ProjectReference Include=\"{to}\" /></ItemGroup></Project>";

    private static string Message(string id) => $"    [Logger" + $"Message({id}, LogLevel.Error, \"x\")]\n";

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("// line\n", count));
}
