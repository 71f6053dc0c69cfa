using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Documents;

/// <summary><c>security_profile</c>.</summary>
internal sealed record SecurityProfileDocument(
    ImmutableArray<AclDocument> Acls,
    bool EncryptionRequired,
    EncryptionDocument? Encryption,
    AuthenticationProtocol? AuthenticationProtocol);
