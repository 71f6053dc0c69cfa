namespace EbpfPersonas.Personas.Documents;

/// <summary>The authentication that can be observed on the wire.</summary>
internal enum AuthenticationProtocol
{
    /// <summary><c>none</c>.</summary>
    None,

    /// <summary><c>TLS</c>: a handshake is seen.</summary>
    Tls,

    /// <summary><c>SSH</c>.</summary>
    Ssh,

    /// <summary><c>WireGuard</c>.</summary>
    WireGuard,
}
