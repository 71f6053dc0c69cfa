using System.Text.Json.Nodes;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Personas;

/// <summary>Each field of the rule language has a case in which it is right, and one in which it is wrong.</summary>
public sealed class CaseCoverageTests
{
    private static readonly RuleLanguage Language = RuleLanguage.OfReader();

    [Fact]
    public void Every_field_is_right_in_a_case_with_packets()
    {
        var used = Folders("packets.txt")
            .SelectMany(folder => Directory.GetFiles(folder, "*.json"))
            .SelectMany(file => Language.FieldsIn(JsonNode.Parse(File.ReadAllBytes(file))));

        AssertNone(Language.Fields.Except(used));
    }

    [Fact]
    public void Every_field_is_wrong_in_a_case_with_errors()
    {
        var refused = Folders("errors.txt")
            .SelectMany(folder => File.ReadLines(Path.Combine(folder, "errors.txt")))
            .Select(line => Language.FieldAt(line[..line.IndexOf(' ', StringComparison.Ordinal)]))
            .OfType<(string, string)>();

        AssertNone(Language.Fields.Except(refused));
    }

    [Fact]
    public void The_language_is_what_the_reader_reads()
    {
        Assert.Contains(("network_profile", "denied_ingress"), Language.Fields);
        Assert.Contains(("network_profile/default_action", "egress"), Language.Fields);
        Assert.Contains(("network_profile/allowed_ingress/*", "end_port"), Language.Fields);
        Assert.Contains(("network_profile/firewall_rules/*", "priority"), Language.Fields);
        Assert.Contains(("tests/*", "expect"), Language.Fields);
        Assert.DoesNotContain(("network_profile/allowed_ingress/*", "priority"), Language.Fields);
        Assert.DoesNotContain(Language.Fields, field => field.Field.Contains("bandwidth", StringComparison.Ordinal));
    }

    [Fact]
    public void A_field_is_found_in_documents_and_under_pointers_wherever_its_type_stands()
    {
        var document = JsonNode.Parse("""
            {"name": "p", "network_profile": {"denied_egress": [{"port": 1}, {"icmp": {"code": 1}}]}, "x": {"port": 1}}
            """);
        Assert.Equal(
            [
                ("network_profile", "denied_egress"), ("network_profile/allowed_ingress/*", "icmp"),
                ("network_profile/allowed_ingress/*", "port"), ("network_profile/allowed_ingress/*/icmp", "code"),
            ],
            Language.FieldsIn(document).Order());
        Assert.Equal(
            ("network_profile/allowed_ingress/*", "ports"),
            Language.FieldAt("/network_profile/denied_egress/7/ports/3"));
        Assert.Null(Language.FieldAt("/network_profile/denied_egress/7/no_such_field"));
        Assert.Null(Language.FieldAt(""));
    }

    private static void AssertNone(IEnumerable<(string Type, string Field)> missing)
    {
        var names = missing.Select(field => $"{field.Type}: {field.Field}").Order().ToArray();
        Assert.True(names.Length == 0, string.Join('\n', names));
    }

    private static IEnumerable<string> Folders(string file) =>
        Directory.GetDirectories(Path.Combine(RepositoryFiles.Root, "tests", "cases"))
            .Where(folder => File.Exists(Path.Combine(folder, file)));
}
