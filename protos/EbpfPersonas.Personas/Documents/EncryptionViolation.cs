namespace EbpfPersonas.Personas.Documents;

/// <summary><c>on_violation</c>: what happens to a flow that is not encrypted.</summary>
internal enum EncryptionViolation
{
    /// <summary>Its packets are dropped.</summary>
    Drop,

    /// <summary>It is reset.</summary>
    Reset,

    /// <summary>It is counted.</summary>
    Audit,
}
