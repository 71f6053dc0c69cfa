using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.Personas.Wire;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>
/// The persona that a VM has of its own, a document like any other: in force where there is nothing better, and when
/// the operator says so. Its revision is 0, which no controller gives: it cannot be taken for one of a controller's.
/// </summary>
/// <param name="Path">Where it is; null where none is configured.</param>
/// <param name="Persona">Checked; null where there is none, or none that can be used.</param>
/// <param name="Errors">Why it cannot be used, a sentence each that names the place.</param>
internal sealed record Baseline(string? Path, Persona? Persona, IReadOnlyList<string> Errors)
{
    /// <summary>Reads it; whatever is wrong is in <see cref="Errors"/>.</summary>
    public static Baseline Read(string? path)
    {
        if (path is null)
        {
            return new Baseline(null, null, []);
        }

        byte[] text;
        try
        {
            var length = new FileInfo(path).Length;
            if (length > JsonBody.MaxBytes)
            {
                return new Baseline(path, null, [$"baseline: {path} has {length} octets, more than any document."]);
            }

            text = File.ReadAllBytes(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Baseline(path, null, [$"baseline: {failure.Message}"]);
        }

        var findings = new Findings();
        return PersonaValidator.Validate(text, findings) is { } valid
            ? new Baseline(path, PersonaReader.Read(PersonaMapper.ToWire(valid.Document, revision: 0)), [])
            : new Baseline(
                path,
                null,
                [.. findings.Errors.Select(error => $"baseline: {path}: {error.Pointer}: {error.Message}")]);
    }
}
