using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Reading;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.Personas.Wire;

namespace EbpfPersonas.Personas.Validation;

/// <summary>Reads and checks a persona document: one pass, every error.</summary>
internal static class PersonaValidator
{
    /// <summary>
    /// The persona, or null when <paramref name="findings"/> got errors. With <paramref name="expectedName"/>, from the
    /// request's path, the document must carry that name. <paramref name="controllers"/>: where agents reach the
    /// controller, as far as that is known.
    /// </summary>
    public static ValidatedPersona? Validate(
        ReadOnlyMemory<byte> utf8, Findings findings, string? expectedName = null,
        IReadOnlyCollection<(IpAddress Address, ushort Port)>? controllers = null)
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

            var persona = PersonaReader.Read(PersonaMapper.ToWire(document, revision: 1));
            RunTests(persona, findings);
            WarnOfUnreachable(document, persona, findings);
            LockoutLint.Check(persona, controllers ?? [], findings);
            TriggerLint.Check(TriggerMapper.ToTrigger(document), findings);
            return Measure(persona, findings) is { } size && !findings.HasErrors
                ? new ValidatedPersona(
                    document, DocumentText.Without(utf8.Span, [.. PersonaDocumentReader.ReadOnlyMembers]),
                    [.. findings.Warnings], size)
                : null;
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

    /// <summary>What the persona costs, or null where an agent with the default room has none for it.</summary>
    private static CompiledSize? Measure(Persona persona, Findings findings)
    {
        try
        {
            return PersonaCompiler.Compile(persona).Size;
        }
        catch (PersonaTooLargeException large)
        {
            findings.Error("/network_profile", FindingCode.TooLarge, large.Message);
            return null;
        }
    }

    private static void WarnOfUnreachable(PersonaDocument document, Persona persona, Findings findings)
    {
        if (document.NetworkProfile is not { } network)
        {
            return;
        }

        var pointers = network.Rules.ToDictionary(rule => rule.Id, rule => rule.Pointer, StringComparer.Ordinal);
        foreach (var (rule, cover, isDuplicate) in UnreachableRules.Find(persona))
        {
            var (code, message) = cover is null
                ? (FindingCode.MatchesNothing, $"{rule.Id} matches no packet: except takes all of its peer.")
                : isDuplicate
                    ? (FindingCode.DuplicateRule, $"{rule.Id} repeats {cover.Id}, which is asked before it.")
                    : (FindingCode.ShadowedRule,
                        $"{rule.Id} never decides: {cover.Id} is asked before it and matches all that it matches.");
            findings.Warn(pointers[rule.Id], code, message);
        }
    }
}
