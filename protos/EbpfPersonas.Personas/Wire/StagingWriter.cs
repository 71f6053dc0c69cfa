using EbpfPersonas.Personas.Activation;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>Writes staged personas for the wire.</summary>
public static class StagingWriter
{
    /// <summary>
    /// A staged persona, whose rules are on the wire already; throws <see cref="ArgumentException"/> for a trigger that
    /// never holds.
    /// </summary>
    public static V1.StagedPersona Write(Binding binding, V1.Persona persona)
    {
        ArgumentNullException.ThrowIfNull(binding);
        return new V1.StagedPersona
        {
            Persona = persona,
            Trigger = TriggerWriter.Write(binding.Trigger),
            Priority = (uint)binding.Priority,
            Lifecycle = Write(binding.Lifecycle),
        };
    }

    private static V1.Lifecycle Write(Lifecycle lifecycle)
    {
        var wire = new V1.Lifecycle
        {
            DeactivateManually = lifecycle.DeactivateManually,
            LingerMs = Milliseconds(lifecycle.Linger),
            CooldownMs = Milliseconds(lifecycle.Cooldown),
        };
        if (lifecycle.Ttl is { } ttl)
        {
            wire.TtlMs = Milliseconds(ttl);
        }

        return wire;
    }

    private static ulong Milliseconds(TimeSpan span) => (ulong)(span.Ticks / TimeSpan.TicksPerMillisecond);
}
