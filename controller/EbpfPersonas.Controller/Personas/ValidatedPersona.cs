using System.Collections.Immutable;
using EbpfPersonas.Controller.Personas.Documents;
using EbpfPersonas.Controller.Personas.Json;

namespace EbpfPersonas.Controller.Personas;

/// <summary>A document without errors, its text without what the server adds, and what there is to warn of.</summary>
internal sealed record ValidatedPersona(
    PersonaDocument Document, ReadOnlyMemory<byte> Text, ImmutableArray<Finding> Warnings);
