using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>
/// A persona that is resident before it is needed, and a candidate while the kernel counts a process for one of
/// <paramref name="Conditions"/>, which are numbers of <see cref="KernelStages.Watch"/>, or while one of them is
/// latched. The same object is the same persona: it is not compiled again.
/// </summary>
public sealed record StagedPersona(Persona Persona, ImmutableArray<int> Conditions);
