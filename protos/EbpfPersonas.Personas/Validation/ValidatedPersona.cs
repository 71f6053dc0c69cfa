using System.Collections.Immutable;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Personas.Validation;

/// <summary>
/// A document without errors, its text without what the server adds, what there is to warn of, and what it costs an
/// agent.
/// </summary>
internal sealed record ValidatedPersona(
    PersonaDocument Document, ReadOnlyMemory<byte> Text, ImmutableArray<Finding> Warnings,
    CompiledSize Size);
