using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>The answer of a dry run.</summary>
/// <param name="Valid">Whether a PUT would be accepted.</param>
/// <param name="Errors">What stands against it.</param>
/// <param name="Warnings">What does not.</param>
/// <param name="Size">What it would cost; null for a document with errors.</param>
internal sealed record ValidationReport(
    bool Valid, IReadOnlyList<Finding> Errors, IReadOnlyList<Finding> Warnings, PersonaSize? Size);
