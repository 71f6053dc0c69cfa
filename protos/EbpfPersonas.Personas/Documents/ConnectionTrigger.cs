using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Documents;

/// <summary>A connection that is opened; what is absent matches any.</summary>
internal sealed record ConnectionTrigger(
    Direction? Direction, byte? Protocol, ushort? Port, ImmutableArray<Prefix> Peers);
