using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using RuleAction = EbpfPersonas.Agent.Abi.RuleAction;

namespace EbpfPersonas.Agent.Compile;

/// <summary>Compiles a persona to map bytes. Pure: the same persona gives the same bytes.</summary>
public static class PersonaCompiler
{
    /// <summary>
    /// The entries that one persona may have over all runs: the whole arena of the filter, which it shares with the
    /// persona that it replaces.
    /// </summary>
    public const int EntriesMax = 65536;

    /// <summary>The compiled form; throws <see cref="PersonaTooLargeException"/>.</summary>
    public static CompiledPersona Compile(Persona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        var needed = Cost(persona);
        if (needed > EntriesMax)
        {
            throw new PersonaTooLargeException(string.Create(
                CultureInfo.InvariantCulture,
                $"Persona {persona.Name} needs {needed} entries; no persona can have more than {EntriesMax}."));
        }

        return new CompiledPersona
        {
            Name = persona.Name,
            Flags = persona.Mode == EnforcementMode.Audit ? SlotFlags.Audit : SlotFlags.None,
            DefaultAction = [(RuleAction)persona.DefaultIngress, (RuleAction)persona.DefaultEgress],
            RuleIds = [.. persona.Rules.Select(rule => rule.Id)],
            Runs =
            [
                CompileRun(persona, Direction.Ingress, isV6: false),
                CompileRun(persona, Direction.Ingress, isV6: true),
                CompileRun(persona, Direction.Egress, isV6: false),
                CompileRun(persona, Direction.Egress, isV6: true),
            ],
        };
    }

    /// <summary>The number of entries that <paramref name="persona"/> needs, at 64 octets each.</summary>
    public static long Cost(Persona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        return persona.Rules.Sum(rule => Cost(rule, isV6: false) + Cost(rule, isV6: true));
    }

    private static long Cost(Rule rule, bool isV6) => Peers(rule, isV6) is { Length: > 0 } peers
        ? rule.Except.Count(except => except.Address.IsV6 == isV6)
            + ((long)peers.Length * Math.Max(1, rule.Ports.Length))
        : 0;

    private static ImmutableArray<RuleEntry> CompileRun(Persona persona, Direction direction, bool isV6)
    {
        var entries = ImmutableArray.CreateBuilder<RuleEntry>();
        for (var number = 0; number < persona.Rules.Length; number++)
        {
            var rule = persona.Rules[number];
            if (rule.Direction == direction && Peers(rule, isV6) is { Length: > 0 } peers)
            {
                Append(entries, rule, (uint)number, peers, isV6);
            }
        }

        return entries.DrainToImmutable();
    }

    private static void Append(
        ImmutableArray<RuleEntry>.Builder entries, Rule rule, uint number, ImmutableArray<Prefix> peers, bool isV6)
    {
        var excepts = rule.Except.Where(except => except.Address.IsV6 == isV6).ToArray();
        var ports = rule.Ports.IsEmpty ? [PortRange.All] : rule.Ports;
        var next = (uint)(entries.Count + excepts.Length + (peers.Length * ports.Length));

        // First what the rule does not match: a peer among these goes on behind the rule.
        foreach (var except in excepts)
        {
            entries.Add(EntryFor(except) with { Action = (uint)RuleAction.Skip, Rule = number, Next = next });
        }

        foreach (var peer in peers)
        {
            foreach (var range in ports)
            {
                entries.Add(EntryFor(peer) with
                {
                    PortFirst = range.First,
                    PortLast = range.Last,
                    Match = MatchOf(rule),
                    Protocol = rule.Protocol ?? 0,
                    IcmpType = rule.Icmp?.Type ?? 0,
                    IcmpCode = rule.Icmp?.Code ?? 0,
                    Action = (uint)rule.Action,
                    Rule = number,
                });
            }
        }
    }

    private static RuleEntryMatch MatchOf(Rule rule) =>
        (rule.Protocol is null ? 0 : RuleEntryMatch.Protocol)
        | (rule.Ports.IsEmpty ? 0 : RuleEntryMatch.Ports)
        | (rule.Icmp is null ? 0 : RuleEntryMatch.Icmp)
        | (rule.Icmp?.Type is null ? 0 : RuleEntryMatch.IcmpType)
        | (rule.Icmp?.Code is null ? 0 : RuleEntryMatch.IcmpCode)
        | (rule.Mode == EnforcementMode.Audit ? RuleEntryMatch.Audit : 0);

    /// <summary>The peers of one family; where the rule names none, all of it.</summary>
    private static ImmutableArray<Prefix> Peers(Rule rule, bool isV6) => rule.Peers.IsEmpty
        ? [new Prefix(new IpAddress(isV6, 0), 0)]
        : [.. rule.Peers.Where(peer => peer.Address.IsV6 == isV6)];

    private static RuleEntry EntryFor(Prefix prefix) => new()
    {
        Peer = AddressWords.From(prefix.Address),
        Mask = AddressWords.From(new IpAddress(prefix.Address.IsV6, Prefix.Mask(prefix.Address.IsV6, prefix.Length))),
    };
}
