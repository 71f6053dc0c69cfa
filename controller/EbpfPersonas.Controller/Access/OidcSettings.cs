namespace EbpfPersonas.Controller.Access;

/// <summary>An issuer of tokens (OpenID Connect Discovery 1.0) whose word on who a caller is counts here.</summary>
internal sealed record OidcSettings
{
    /// <summary>The issuer's https address, below which its /.well-known/openid-configuration is.</summary>
    public required Uri Authority { get; init; }

    /// <summary>What a token must be made for: one of its "aud" (RFC 7519 section 4.1.3).</summary>
    public required string Audience { get; init; }

    /// <summary>The claim that holds the caller's tenant.</summary>
    public string TenantClaim { get; init; } = "tenant";

    /// <summary>The claim that holds the caller's role, one of the words of <see cref="Roles"/>.</summary>
    public string RoleClaim { get; init; } = "role";

    /// <summary>
    /// PEM file of the authorities that the issuer's server certificate may come from; null = those of the machine.
    /// </summary>
    public string? AuthoritiesFile { get; init; }
}
