using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Activation.Stages;

/// <summary>A persona that an agent keeps at hand, and when it is wanted.</summary>
public sealed record StagedPersona(Binding Binding, Persona Persona);
