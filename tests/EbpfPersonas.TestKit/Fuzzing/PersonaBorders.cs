using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>What a persona's rules name, gathered once for all packets that are drawn to it.</summary>
public sealed class PersonaBorders
{
    /// <summary>Walks over all rules.</summary>
    public PersonaBorders(Persona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        Rules = persona.Rules;
        Prefixes = [.. persona.Rules.SelectMany(rule => rule.Peers.Concat(rule.Except))];
        Ports = [.. persona.Rules.SelectMany(rule => rule.Ports)];
    }

    /// <summary>The rules themselves.</summary>
    public ImmutableArray<Rule> Rules { get; }

    /// <summary>Every peer and exception of every rule.</summary>
    public ImmutableArray<Prefix> Prefixes { get; }

    /// <summary>Every port range of every rule.</summary>
    public ImmutableArray<PortRange> Ports { get; }
}
