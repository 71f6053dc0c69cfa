using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Wire;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Reads what desired states stage. A persona that is the same as in the one before, to the last octet, is the same
/// object: nobody compiles it again. Not for several threads at once.
/// </summary>
internal sealed class StagingMemory
{
    private Dictionary<string, (V1.Persona Wire, Persona Persona)> _known = new(StringComparer.Ordinal);
    private (V1.Persona Wire, Persona Persona)? _shadow;

    /// <summary>Throws <see cref="FormatException"/> that names the field.</summary>
    public Staging Read(V1.DesiredState desired)
    {
        ArgumentNullException.ThrowIfNull(desired);
        var read = StagingReader.Read(desired);
        var known = new Dictionary<string, (V1.Persona, Persona)>(StringComparer.Ordinal);
        var staged = read.Staged.Select((one, index) =>
        {
            var wire = desired.Staged[index].Persona;
            var persona = _known.TryGetValue(wire.Name, out var before) && before.Wire.Equals(wire)
                ? before.Persona
                : one.Persona;
            known.Add(wire.Name, (wire, persona));
            return one with { Persona = persona };
        });
        read = read with { Staged = [.. staged] };
        if (desired.Shadow is { } shadow)
        {
            _shadow = _shadow is { } before && before.Wire.Equals(shadow) ? before : (shadow, read.Shadow!);
            read = read with { Shadow = _shadow.Value.Persona };
        }

        _known = known;
        return read;
    }
}
