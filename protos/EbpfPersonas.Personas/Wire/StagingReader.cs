using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>Reads what a desired state stages, as strictly as a persona.</summary>
public static class StagingReader
{
    /// <summary>
    /// The staged personas in rank order, where the floor stands, and the shadow; throws <see cref="FormatException"/>
    /// that names the field.
    /// </summary>
    public static Staging Read(V1.DesiredState wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        var staged = wire.Staged.Select((persona, index) => Read(persona, $"staged[{index}]")).ToImmutableArray();
        for (var i = 1; i < staged.Length; i++)
        {
            if (Binding.Rank.Compare(staged[i - 1].Binding, staged[i].Binding) >= 0)
            {
                throw new FormatException($"staged[{i}] does not come after staged[{i - 1}] by its rank.");
            }
        }

        if (staged.Select(persona => persona.Persona.Name).Distinct(StringComparer.Ordinal).Count() < staged.Length)
        {
            throw new FormatException("staged: a persona stands there twice.");
        }

        var conditions = staged.SelectMany(persona => persona.Binding.Trigger.Conditions).Distinct().Count();
        PersonaReader.InRange((uint)conditions, StagePlan.MaxConditions, "staged: the number of conditions");
        return new Staging(staged, PersonaReader.InRange(wire.FloorRank, (uint)staged.Length, "floor_rank"))
        {
            Shadow = wire.Shadow is { } shadow ? PersonaReader.Read(shadow) : null,
        };
    }

    private static StagedPersona Read(V1.StagedPersona wire, string field)
    {
        var persona = PersonaReader.Read(wire.Persona ?? throw new FormatException($"{field}.persona is absent."));
        return new StagedPersona(
            new Binding(
                persona.Name,
                PersonaReader.InRange(wire.Priority, 1000, $"{field}.priority"),
                TriggerReader.Read(wire.Trigger, $"{field}.trigger"),
                ReadLifecycle(wire.Lifecycle, $"{field}.lifecycle")),
            persona);
    }

    private static Lifecycle ReadLifecycle(V1.Lifecycle? wire, string field) => wire is null
        ? throw new FormatException($"{field} is absent.")
        : new Lifecycle
        {
            DeactivateManually = wire.DeactivateManually,
            Linger = PersonaReader.ReadSpan(wire.LingerMs, $"{field}.linger_ms"),
            Cooldown = PersonaReader.ReadSpan(wire.CooldownMs, $"{field}.cooldown_ms"),
            Ttl = !wire.HasTtlMs ? null
                : wire.TtlMs > 0 ? PersonaReader.ReadSpan(wire.TtlMs, $"{field}.ttl_ms")
                : throw new FormatException($"{field}.ttl_ms is 0."),
        };
}
