using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A caller's token; the token itself only in the answer to the request that made it.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Role">viewer, operator or admin.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="CreatedBy">By whom, as the audit names them.</param>
/// <param name="ExpiresAt">Until when it is good; null: until it is deleted.</param>
/// <param name="LastUsedAt">When it was used last, to the minute; null: never.</param>
/// <param name="Token">What to send as <c>Authorization: Bearer</c>; it is not shown again.</param>
internal sealed record TokenResource(
    string Id, string Name, string Role, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt, string? Token)
{
    public static TokenResource Of(StoredToken token) => Of(token, shown: null);

    public static TokenResource Of(StoredToken token, ApiToken? shown) => new(
        token.Id, token.Name, token.Role.Word(), token.Created, token.CreatedBy, token.Expires, token.LastUsed,
        shown?.Reveal());
}
