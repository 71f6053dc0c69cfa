using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.Personas.Wire;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.Personas.Tests.Cases;

/// <summary>
/// The documents of the case folders, on the way they take in production: validated, mapped to the wire, read off it.
/// </summary>
internal static class CaseDocuments
{
    /// <summary>The folder of all cases.</summary>
    public static string Folder { get; } = Path.Combine(FindRoot(AppContext.BaseDirectory), "tests", "cases");

    /// <summary>Every case that has packets.</summary>
    public static IEnumerable<CaseFolder> All => CaseFolder.LoadAll(Folder);

    public static CaseFolder Load(string name) => CaseFolder.Load(Path.Combine(Folder, name));

    /// <summary>A document of a case; null is no persona.</summary>
    public static Persona? Read(CaseFolder @case, string? file) =>
        file is null ? null : Read(File.ReadAllBytes(Path.Combine(@case.Folder, file)), $"{@case.Name}/{file}");

    /// <summary>Reads a document that is expected to be valid.</summary>
    public static Persona Read(byte[] json, string name)
    {
        var findings = new Findings();
        var validated = PersonaValidator.Validate(json, findings)
            ?? throw new FormatException(
                $"{name}: " +
                string.Join("; ", findings.Errors.Select(error => $"{error.Pointer} {error.Code} {error.Message}")));
        return PersonaReader.Read(PersonaMapper.ToWire(validated.Document, revision: 1));
    }

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "EbpfPersonas.sln"))
        ? folder
        : FindRoot(
            Path.GetDirectoryName(folder)
            ?? throw new DirectoryNotFoundException("There is no solution above the tests."));
}
