using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// The authority that issues, and all whose certificates are good: it, and those before and after it.
/// </summary>
internal sealed class Authorities
{
    /// <summary>As many as a TrustBundle has room for.</summary>
    public const int Max = 8;

    public Authorities(Authority issuing, ImmutableArray<Authority> trusted)
    {
        Issuing = issuing;
        Trusted = trusted;
        Certificates = [.. trusted.Select(authority => authority.Certificate)];
    }

    public Authority Issuing { get; }

    /// <summary>The one that issues first.</summary>
    public ImmutableArray<Authority> Trusted { get; }

    /// <summary>The certificates of <see cref="Trusted"/>; not to be changed.</summary>
    public X509Certificate2Collection Certificates { get; }
}
