namespace EbpfPersonas.Controller.Store;

/// <summary>An enrolment token, as far as the controller remembers it: the secret itself it does not.</summary>
internal sealed record StoredEnrolmentToken
{
    public required string Id { get; init; }

    /// <summary>Which VM it enrols.</summary>
    public required VmKey Vm { get; init; }

    /// <summary>The SHA-256 of the secret.</summary>
    public required ReadOnlyMemory<byte> SecretHash { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Expires { get; init; }

    /// <summary>When it was used up, or null.</summary>
    public DateTimeOffset? Used { get; init; }

    /// <summary>Who made it, as the audit names them.</summary>
    public required string CreatedBy { get; init; }
}
