using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Documents;

namespace EbpfPersonas.Personas.Validation;

/// <summary>Maps a checked document to what decides when it is active.</summary>
internal static class BindingMapper
{
    /// <summary>The persona as it takes part where it is bound.</summary>
    public static Binding ToBinding(PersonaDocument document) => new(
        document.Name, document.Priority, TriggerMapper.ToTrigger(document),
        new Lifecycle
        {
            DeactivateManually = document.Lifecycle.DeactivateManually,
            Linger = document.Lifecycle.Linger ?? TimeSpan.Zero,
            Cooldown = document.Lifecycle.Cooldown ?? TimeSpan.Zero,
            Ttl = document.Lifecycle.Ttl,
        });
}
