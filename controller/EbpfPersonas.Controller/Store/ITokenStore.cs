using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Store;

/// <summary>The callers' tokens.</summary>
internal interface ITokenStore
{
    Task AddTokenAsync(StoredToken token, AuditEntry audit);

    /// <summary>The token of any tenant, or null.</summary>
    Task<StoredToken?> FindTokenAsync(string id);

    /// <summary>A tenant's tokens whose ids come after <paramref name="after"/>, by id.</summary>
    Task<IReadOnlyList<StoredToken>> ListTokensAsync(string tenant, string after, int limit);

    /// <summary>Whether there was such a token of the tenant.</summary>
    Task<bool> DeleteTokenAsync(string tenant, string id, AuditEntry audit);

    /// <summary>Notes that it was used; may be lost, with the machine or because the disk is full.</summary>
    Task TouchTokenAsync(string id, DateTimeOffset used);

    /// <summary>Forgets tokens that were over before then.</summary>
    Task PruneAsync(DateTimeOffset before);
}
