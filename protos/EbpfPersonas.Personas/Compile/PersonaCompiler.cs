using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Compiles a persona to map bytes: rules in their total order become tags, prefixes become address intervals, and the
/// rules that hold for an interval become its class. Pure: the same persona gives the same bytes.
/// </summary>
public static class PersonaCompiler
{
    /// <summary>Lines that an agent has for all its personas unless it is told otherwise: 16 MiB.</summary>
    public const int DefaultLinesMax = 1 << 18;

    /// <summary>
    /// The compiled form; throws <see cref="PersonaTooLargeException"/> where it needs more than
    /// <paramref name="linesMax"/> lines, and then as soon as that is known.
    /// </summary>
    public static CompiledPersona Compile(Persona persona, int linesMax = DefaultLinesMax)
    {
        ArgumentNullException.ThrowIfNull(persona);
        if (persona.Rules.Length > RuleEntries.RulesMax)
        {
            throw new PersonaTooLargeException(string.Create(
                CultureInfo.InvariantCulture,
                $"Persona {persona.Name} has {persona.Rules.Length} rules; {RuleEntries.RulesMax} are the limit."));
        }

        using var arena = new LineArena(persona.Name, persona.Rules.Length, linesMax);
        using var rules = new RuleEntries(persona.Rules);
        var trees = new IntervalTreeBuilder(arena);
        var ports = new PortTreeBuilder(arena);
        using var classes = new ClassBuilder(arena, rules, persona.Rules.Length, trees, ports);
        var addresses = new AddressTreeBuilder(arena, trees);
        var addressLines = 0;
        var intervals = 0;
        uint[] roots =
        [
            Root(Direction.Ingress, isV6: false), Root(Direction.Ingress, isV6: true),
            Root(Direction.Egress, isV6: false), Root(Direction.Egress, isV6: true),
        ];
        return new CompiledPersona
        {
            Name = persona.Name,
            Mode = persona.Mode,
            KeepEstablished = persona.KeepEstablished,
            DefaultIngress = persona.DefaultIngress,
            DefaultEgress = persona.DefaultEgress,
            RuleIds = ImmutableArray.CreateRange(persona.Rules, rule => rule.Id),
            Roots = [.. roots],
            Lines = arena.Lines.ToArray(),
            Size = new CompiledSize(
                persona.Rules.Length, intervals, classes.Count, addressLines,
                arena.Count - addressLines - classes.Count, arena.Count),
        };

        uint Root(Direction direction, bool isV6)
        {
            using var prefixes = RulePrefixes.Of(persona, rules, direction, isV6);
            using var ranges = new PooledList<AddressRange>((2 * prefixes.Count) + 1);
            new AddressRanges(classes, isV6, ranges).Cut(prefixes.Items);
            intervals += ranges.Count;
            var before = arena.Count;
            var root = addresses.Build(ranges.Items, isV6);
            addressLines += arena.Count - before;
            return root;
        }
    }
}
