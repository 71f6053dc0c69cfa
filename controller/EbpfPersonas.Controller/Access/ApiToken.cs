using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// A caller's bearer token (RFC 6750): <c>ebpfp_api_ID_SECRET</c>, ID of 16 and SECRET of 64 hexadecimal digits. Only
/// the SHA-256 of the secret is kept: 256 random bits need no slow hash. It has no text of its own that could get into
/// a log.
/// </summary>
internal sealed partial class ApiToken
{
    /// <summary>What every such token begins with.</summary>
    public const string Prefix = "ebpfp_api_";

    private readonly byte[] _secret;

    private ApiToken(string id, byte[] secret) => (Id, _secret) = (id, secret);

    /// <summary>Names it; not secret.</summary>
    public string Id { get; }

    /// <summary>What is kept of the secret: 32 octets.</summary>
    public byte[] SecretHash => SHA256.HashData(_secret);

    public static ApiToken Create() => new(
        Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), RandomNumberGenerator.GetBytes(32));

    public static bool TryParse(string text, [NotNullWhen(true)] out ApiToken? token)
    {
        var match = Pattern().Match(text);
        token = match.Success
            ? new ApiToken(match.Groups[1].Value, Convert.FromHexString(match.Groups[2].ValueSpan))
            : null;
        return match.Success;
    }

    /// <summary>Whether this is the token whose hash is kept; takes as long either way.</summary>
    public bool Has(ReadOnlySpan<byte> secretHash) => CryptographicOperations.FixedTimeEquals(SecretHash, secretHash);

    /// <summary>The token, to be shown once.</summary>
    public string Reveal() => $"{Prefix}{Id}_{Convert.ToHexStringLower(_secret)}";

    /// <inheritdoc/>
    public override string ToString() => $"token {Id}";

    [GeneratedRegex("^" + Prefix + @"([0-9a-f]{16})_([0-9a-f]{64})\z")]
    private static partial Regex Pattern();
}
