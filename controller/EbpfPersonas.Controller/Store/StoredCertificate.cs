namespace EbpfPersonas.Controller.Store;

/// <summary>A certificate that was issued to a VM.</summary>
internal sealed record StoredCertificate
{
    /// <summary>In hexadecimal digits.</summary>
    public required string Serial { get; init; }

    public required VmKey Vm { get; init; }

    /// <summary>The enrolment token that it was issued for; null where it renewed another certificate.</summary>
    public string? TokenId { get; init; }

    /// <summary>The SHA-256 of its key, in hexadecimal digits.</summary>
    public required string KeyPin { get; init; }

    /// <summary>X.509, DER.</summary>
    public required ReadOnlyMemory<byte> Certificate { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>When it was revoked, or null.</summary>
    public DateTimeOffset? Revoked { get; init; }
}
