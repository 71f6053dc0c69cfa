using EbpfPersonas.Controller.Personas.Json;
using EbpfPersonas.Controller.Personas.Reading;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.Personas.Wire;

namespace EbpfPersonas.Controller.Personas;

/// <summary>Reads and checks a persona document: one pass, every error.</summary>
internal static class PersonaValidator
{
    /// <summary>
    /// The persona, or null when <paramref name="findings"/> got errors. With <paramref name="expectedName"/>, from the
    /// request's path, the document must carry that name.
    /// </summary>
    public static ValidatedPersona? Validate(ReadOnlyMemory<byte> utf8, Findings findings, string? expectedName = null)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var root = JsonBody.Open(utf8, findings, out var json);
        using (json)
        {
            if (root is not { } field || PersonaDocumentReader.Read(field) is not { } document)
            {
                return null;
            }

            if (expectedName is not null && document.Name.Length > 0 && document.Name != expectedName)
            {
                findings.Error("/name", FindingCode.NameMismatch,
                    $"The document is named {Printable.Quote(document.Name)}, the address says " +
                    $"{Printable.Quote(expectedName)}.");
            }

            if (findings.HasErrors)
            {
                return null;
            }

            RunTests(PersonaReader.Read(PersonaMapper.ToWire(document, revision: 1)), findings);
            return findings.HasErrors
                ? null
                : new ValidatedPersona(
                    document, DocumentText.Without(utf8.Span, [.. PersonaDocumentReader.ReadOnlyMembers]),
                    [.. findings.Warnings]);
        }
    }

    /// <summary>The document's own tests, against the meaning of what the agent would get.</summary>
    private static void RunTests(Persona persona, Findings findings)
    {
        foreach (var failure in DocumentTests.Run(persona))
        {
            findings.Error($"/tests/{failure.Index}", FindingCode.TestFailed, failure.Sentence);
        }
    }
}
