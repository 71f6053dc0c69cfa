using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Validation;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Personas;

public sealed class ErrorCaseTests
{
    public static TheoryData<string> Cases()
    {
        var folders = Directory.GetDirectories(Path.Combine(RepositoryFiles.Root, "tests", "cases"))
            .Where(folder => File.Exists(Path.Combine(folder, "errors.txt")))
            .Select(folder => Path.GetFileName(folder))
            .Order(StringComparer.Ordinal);
        return new TheoryData<string>(folders);
    }

    [Fact]
    public void There_are_at_least_thirty_malformed_or_absurd_documents() => Assert.True(Cases().Count >= 30);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_error_points_at_its_field(string name)
    {
        var findings = new Findings();

        var persona = PersonaValidator.Validate(
            File.ReadAllBytes(RepositoryFiles.Case(name, "persona.json")), findings);

        Assert.Null(persona);
        var expected = File.ReadAllLines(RepositoryFiles.Case(name, "errors.txt")).Order(StringComparer.Ordinal);
        var actual = findings.Errors.Select(error => $"{error.Pointer} {error.Code}").Order(StringComparer.Ordinal);
        Assert.Equal(expected, actual);
        Assert.All(findings.Errors, error => Assert.EndsWith(".", error.Message, StringComparison.Ordinal));
        Assert.All(findings.Errors, error => Assert.Null(Printable.FirstUnprintable(error.Message)));
    }

    [Fact]
    public void Every_document_that_is_meant_to_be_accepted_is()
    {
        var accepted = Directory.GetFiles(
            Path.Combine(RepositoryFiles.Root, "tests", "cases"), "persona.json", SearchOption.AllDirectories)
            .Where(file => !File.Exists(Path.Combine(Path.GetDirectoryName(file)!, "errors.txt")));
        Assert.All(accepted, file =>
        {
            var findings = new Findings();
            PersonaValidator.Validate(File.ReadAllBytes(file), findings);
            Assert.Empty(findings.Errors);
        });
    }
}
