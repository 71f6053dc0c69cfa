using System.Collections.Immutable;
using EbpfPersonas.Controller.Personas.Documents;
using EbpfPersonas.Controller.Personas.Json;
using EbpfPersonas.Personas.Compile;

namespace EbpfPersonas.Controller.Personas;

/// <summary>
/// A document without errors, its text without what the server adds, what there is to warn of, and what it costs an
/// agent.
/// </summary>
internal sealed record ValidatedPersona(
    PersonaDocument Document, ReadOnlyMemory<byte> Text, ImmutableArray<Finding> Warnings,
    CompiledSize Size);
