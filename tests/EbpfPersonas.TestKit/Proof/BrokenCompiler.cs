using System.Collections.Immutable;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// A compiler that does one thing wrong, which a proof must find: <paramref name="Name"/> says what.
/// </summary>
public sealed record BrokenCompiler(string Name, Func<Persona, int, CompiledPersona> Compile)
{
    /// <summary>Reads the rules wrong: the production's compiler gets another persona than the reference.</summary>
    public static ImmutableArray<BrokenCompiler> Readers { get; } =
    [
        Reads("forgets exceptions", EachRule(rule => rule with { Except = [] })),
        Reads("ends port ranges one early", EachRule(rule => rule with { Ports = [.. rule.Ports.Select(Shorter)] })),
        Reads("compares one bit less", EachRule(rule => rule with { Peers = [.. rule.Peers.Select(Wider)] })),
        Reads("enforces audited rules", EachRule(rule => rule with { Mode = EnforcementMode.Enforce })),
        Reads("takes protocol 0 for any", EachRule(rule => rule.Protocol == 0 ? rule with { Protocol = null } : rule)),
        Reads(
            "ignores the ICMP code",
            EachRule(rule => rule with { Icmp = rule.Icmp is { } icmp ? icmp with { Code = null } : null })),
        Reads("keeps the first peer only", EachRule(rule => rule with { Peers = [.. rule.Peers.Take(1)] })),
        Reads("forgets the last rule", persona => persona with { Rules = [.. persona.Rules.SkipLast(1)] }),
        Reads(
            "swaps the defaults",
            persona => persona with
            {
                DefaultIngress = persona.DefaultEgress,
                DefaultEgress = persona.DefaultIngress,
            }),
        Reads(
            "orders rules by the document",
            persona => persona with
            {
                Rules = [.. persona.Rules.OrderBy(rule => rule.Id.Length).ThenBy(rule => rule.Id)],
            }),
        Reads("lets the last rule win", persona => persona with { Rules = [.. persona.Rules.Reverse()] }),
    ];

    /// <summary>Writes the bytes wrong, at one place of each persona that has such a place.</summary>
    public static ImmutableArray<BrokenCompiler> Writers { get; } =
    [
        Writes("ends an address interval one late", CompiledFaults.EndAddressIntervalLate),
        Writes("ends an interval of an IPv6 list one late", CompiledFaults.EndListIntervalLate),
        Writes("ends a port entry one late", CompiledFaults.EndPortEntryLate),
        Writes("ends a port interval one late", CompiledFaults.EndPortIntervalLate),
        Writes("puts the weakest entry of a class first", CompiledFaults.PutWeakestEntryFirst),
        Writes("swaps the ranks of two entries of a class", CompiledFaults.SwapRanks),
        Writes("drops a class", CompiledFaults.DropClass),
        Writes("takes the class beside for a class", CompiledFaults.TakeNeighbour),
        Writes("drops the port tree of a class", CompiledFaults.DropPortTree),
    ];

    /// <summary>All of them.</summary>
    public static ImmutableArray<BrokenCompiler> All { get; } = [.. Readers, .. Writers];

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static BrokenCompiler Reads(string name, Func<Persona, Persona> wrong) =>
        new(name, (persona, linesMax) => PersonaCompiler.Compile(wrong(persona), linesMax));

    private static BrokenCompiler Writes(string name, CompiledFault fault) =>
        new(name, (persona, linesMax) => CompiledFaults.With(PersonaCompiler.Compile(persona, linesMax), fault));

    private static Func<Persona, Persona> EachRule(Func<Rule, Rule> change) =>
        persona => persona with { Rules = [.. persona.Rules.Select(change)] };

    private static PortRange Shorter(PortRange range) =>
        range.First == range.Last ? range : range with { Last = (ushort)(range.Last - 1) };

    private static Prefix Wider(Prefix prefix) => new(prefix.Address, Math.Max(0, prefix.Length - 1));
}
