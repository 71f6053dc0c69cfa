using System.Text.RegularExpressions;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Compile.Layout;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Abi;

public sealed partial class AbiTests
{
    [Fact]
    public void Every_struct_of_the_abi_headers_is_mirrored_field_by_field()
    {
        var compiled = Compiled(types => types.Structs(), type => type.Name);
        var differences = new List<string>();
        foreach (var name in Declared(StructDeclaration()))
        {
            differences.AddRange(compiled.TryGetValue(name, out var c)
                ? AbiComparison.Compare(c, Mirror(name))
                : [$"struct {name} is not named in bpf/tests/abi.bpf.c"]);
        }

        Assert.Empty(differences);
        Assert.True(Declared(StructDeclaration()).Count > 8, "the headers declare structs");
    }

    [Fact]
    public void Every_enum_of_the_abi_headers_is_mirrored_value_by_value()
    {
        var compiled = Compiled(types => types.Enums(), type => type.Name);
        var differences = new List<string>();
        foreach (var name in Declared(EnumDeclaration()))
        {
            differences.AddRange(compiled.TryGetValue(name, out var c)
                ? AbiComparison.Compare(c, Mirror(name))
                : [$"enum {name} is not named in bpf/tests/abi.bpf.c"]);
        }

        Assert.Empty(differences);
        Assert.Contains("reason", Declared(EnumDeclaration()));
    }

    [Fact]
    public void A_mirror_with_a_field_too_few_or_in_another_place_is_caught()
    {
        var flow = Compiled(types => types.Structs(), type => type.Name)["flow"];

        Assert.Empty(AbiComparison.Compare(flow, typeof(Flow)));
        Assert.NotEmpty(AbiComparison.Compare(flow, typeof(FlowKey)));
        Assert.NotEmpty(AbiComparison.Compare(flow, typeof(FlowWithSwappedFields)));
        Assert.NotEmpty(AbiComparison.Compare(flow, null));
    }

    private static Type? Mirror(string name) =>
        typeof(Flow).Assembly.GetType($"EbpfPersonas.Agent.Abi.{AbiComparison.Pascal(name)}")
        ?? typeof(PolicyLine).Assembly.GetType($"{typeof(PolicyLine).Namespace}.{AbiComparison.Pascal(name)}");

    private static Dictionary<string, T> Compiled<T>(Func<BtfTypes, IEnumerable<T>> select, Func<T, string> name)
    {
        using var opened = BpfObject.Open(TestObjects.Program("abi"), "abi");
        return select(opened.TypeInfo()).ToDictionary(name);
    }

    private static List<string> Declared(Regex declaration) =>
        [.. TestObjects.AbiHeaders()
            .SelectMany(header => declaration.Matches(header).Select(match => match.Groups[1].Value))
            .Distinct()];

    [GeneratedRegex(@"^struct (\w+) \{", RegexOptions.Multiline)]
    private static partial Regex StructDeclaration();

    [GeneratedRegex(@"^enum (\w+) \{", RegexOptions.Multiline)]
    private static partial Regex EnumDeclaration();
}
