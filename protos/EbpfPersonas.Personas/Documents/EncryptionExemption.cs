using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Documents;

/// <summary>Flows that need no encryption; what is absent matches any.</summary>
internal sealed record EncryptionExemption(byte? Protocol, ImmutableArray<Prefix> Peers, ushort? Port);
