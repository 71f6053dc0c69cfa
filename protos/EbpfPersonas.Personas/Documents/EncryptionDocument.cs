using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Documents;

/// <summary><c>encryption</c>: how a flow must prove TLS.</summary>
internal sealed record EncryptionDocument(
    int? MinTlsMinorVersion,
    ImmutableArray<string> StartTls,
    ImmutableArray<string> AllowedSni,
    EncryptionViolation OnViolation,
    ImmutableArray<EncryptionExemption> Exempt);
