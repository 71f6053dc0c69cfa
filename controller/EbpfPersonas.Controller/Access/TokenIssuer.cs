using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Access;

/// <summary>Makes callers' tokens, for the API and for the command line.</summary>
internal sealed class TokenIssuer(ITokenStore tokens, TimeProvider time)
{
    /// <summary>
    /// A new token, stored with its record; good for <paramref name="ttl"/>, or until it is deleted.
    /// </summary>
    public async Task<(StoredToken Stored, ApiToken Token)> CreateAsync(
        string tenant, string name, Role role, TimeSpan? ttl, AuditEntry audit)
    {
        var (token, now) = (ApiToken.Create(), time.GetUtcNow());
        var stored = new StoredToken(
            token.Id, tenant, name, role, token.SecretHash, now, audit.Actor, now + ttl, LastUsed: null);
        await tokens.AddTokenAsync(stored, audit);
        return (stored, token);
    }
}
