using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane.Residents;

/// <summary>
/// The persona in audit mode that the filter evaluates beside the one in force, and only counts. Members are called
/// under the gate of <paramref name="residents"/>.
/// </summary>
internal sealed class ShadowPersona(BpfMap shadow, ResidentPersonas residents) : IDisposable
{
    private readonly MemoryMap _word = shadow.MapMemory();
    private Persona? _persona;
    private ResidentPersona? _resident;

    /// <summary>
    /// Makes it resident, unless it is the one that is evaluated; null = none. Where it throws, nothing was taken.
    /// </summary>
    public ResidentPersona? Publish(Persona? persona, ulong generation) =>
        persona is null ? null
        : _resident is not null && ReferenceEquals(persona, _persona) ? _resident
        : residents.Publish(persona, residents.Compile(persona), generation);

    /// <summary>Undoes <see cref="Publish"/>.</summary>
    public void Discard(ResidentPersona? published)
    {
        if (published is not null && published != _resident)
        {
            residents.Discard(published);
        }
    }

    /// <summary>
    /// Evaluates what was published in place of the one before; false where it is the same.
    /// </summary>
    public bool Evaluate(Persona? persona, ResidentPersona? published)
    {
        if (published == _resident)
        {
            return false;
        }

        var before = _resident;
        Volatile.Write(ref _word.Values<ulong>()[0], published?.Slot ?? PersonaSlots.NoPersona);
        (_persona, _resident) = (persona, published);
        if (before is not null)
        {
            residents.Retire(before);
        }

        return true;
    }

    /// <summary>What an earlier agent left is evaluated no more; its slot is free after a grace period.</summary>
    public void Forget() => Volatile.Write(ref _word.Values<ulong>()[0], PersonaSlots.NoPersona);

    /// <inheritdoc/>
    public void Dispose() => _word.Dispose();
}
