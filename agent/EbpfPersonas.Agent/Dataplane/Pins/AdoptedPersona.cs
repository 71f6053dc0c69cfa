using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>A persona as an earlier agent left it in the maps, which do not know the ids of its rules.</summary>
internal static class AdoptedPersona
{
    /// <summary>From what lies in a slot and in its lines; rules are called by their numbers.</summary>
    public static CompiledPersona Read(string name, Slot slot, PolicyLine[] lines) => new()
    {
        Name = name,
        Mode = slot.Flags.HasFlag(SlotFlags.Audit) ? EnforcementMode.Audit : EnforcementMode.Enforce,
        DefaultIngress = (RuleAction)slot.DefaultAction[(int)PacketDirection.Ingress],
        DefaultEgress = (RuleAction)slot.DefaultAction[(int)PacketDirection.Egress],
        RuleIds = [.. Enumerable.Range(0, (int)slot.RuleCount).Select(n => n.ToString(CultureInfo.InvariantCulture))],
        Roots = ImmutableArray.Create<uint>(slot.Root),
        Lines = lines,
        Size = new CompiledSize((int)slot.RuleCount, 0, 0, 0, 0, lines.Length),
    };

    /// <summary>
    /// The one of <paramref name="known"/> that <paramref name="compile"/> makes the same octets of, or
    /// <paramref name="found"/> itself.
    /// </summary>
    public static CompiledPersona Recognise(
        CompiledPersona found, ulong revision, IEnumerable<Persona> known, Func<Persona, CompiledPersona> compile)
    {
        foreach (var persona in known.Where(one => one.Name == found.Name && one.Revision == revision))
        {
            if (TryCompile(persona, compile) is { } compiled && Lies(found, compiled))
            {
                return compiled;
            }
        }

        return found;
    }

    private static bool Lies(CompiledPersona found, CompiledPersona compiled) =>
        compiled.RuleIds.Length == found.RuleIds.Length
        && new CompiledPersona
        {
            Name = found.Name,
            Mode = found.Mode,
            DefaultIngress = found.DefaultIngress,
            DefaultEgress = found.DefaultEgress,
            RuleIds = compiled.RuleIds,
            Roots = found.Roots,
            Lines = found.Lines,
            Size = found.Size,
        }.Equals(compiled);

    private static CompiledPersona? TryCompile(Persona persona, Func<Persona, CompiledPersona> compile)
    {
        try
        {
            return compile(persona);
        }
        catch (Exception e) when (e is ApplyException or PersonaTooLargeException)
        {
            return null;
        }
    }
}
