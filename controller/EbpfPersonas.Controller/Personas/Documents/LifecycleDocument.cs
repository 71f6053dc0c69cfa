using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Controller.Personas.Documents;

/// <summary><c>lifecycle</c>.</summary>
internal sealed record LifecycleDocument
{
    /// <summary><c>deactivate_when: manual</c>: once triggered, it stays until it is deactivated by hand.</summary>
    public bool DeactivateManually { get; init; }

    public TimeSpan? Linger { get; init; }

    public TimeSpan? Cooldown { get; init; }

    public TimeSpan? Ttl { get; init; }

    public TimeSpan? ConfirmTimeout { get; init; }

    /// <summary>
    /// <c>on_activation: keep_established</c>: flows that both ends have spoken in go on, whatever the rules say.
    /// </summary>
    public bool KeepEstablished { get; init; }

    public EnforcementMode Mode { get; init; } = EnforcementMode.Enforce;
}
