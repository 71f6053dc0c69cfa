using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// A persona that may become active on a VM: its rank (priority 0-1000, lower wins; then the name by its octets), when
/// it is wanted and for how long.
/// </summary>
public sealed record Binding(string Persona, int Priority, Trigger Trigger, Lifecycle Lifecycle)
{
    /// <summary>The stronger first.</summary>
    public static IComparer<Binding> Rank { get; } = Comparer<Binding>.Create((one, other) =>
        one.Priority != other.Priority
            ? one.Priority.CompareTo(other.Priority)
            : string.CompareOrdinal(one.Persona, other.Persona));
}
