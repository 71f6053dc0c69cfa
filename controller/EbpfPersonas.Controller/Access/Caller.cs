using System.Globalization;
using System.Security.Claims;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// Who sent a request that was let through, for endpoints to take as a parameter; with the record that the request
/// leaves.
/// </summary>
/// <param name="Tenant">Whose data the caller sees.</param> <param name="Role">What it may do.</param>
/// <param name="TokenId">The id of its token, or for a caller that an issuer vouches for "subject SUBJECT".</param>
/// <param name="Expires">When what the issuer says ends; null where the store knows the token.</param>
/// <param name="Audit">The record.</param>
internal sealed record Caller(string Tenant, Role Role, string TokenId, DateTimeOffset? Expires, AuditEntry Audit)
{
    private const string TenantClaim = "tenant";
    private const string RoleClaim = "role";
    private const string TokenClaim = "token";
    private const string NameClaim = "name";
    private const string ExpiresClaim = "expires";

    /// <summary>As the audit names it.</summary>
    public string Actor => Audit.Actor;

    /// <summary>A VM of the caller's tenant; whether there is one is not said.</summary>
    public VmKey Vm(string id) => new(Tenant, id);

    /// <summary>What authentication finds out.</summary>
    public static ClaimsPrincipal Principal(string tenant, Role role, string tokenId, string name, string scheme) =>
        new(new ClaimsIdentity(
            [
                new Claim(TenantClaim, tenant),
                new Claim(RoleClaim, ((int)role).ToString(CultureInfo.InvariantCulture)),
                new Claim(TokenClaim, tokenId),
                new Claim(NameClaim, name),
            ],
            scheme));

    /// <summary>What an issuer says of <paramref name="subject"/>, until it ends.</summary>
    public static ClaimsPrincipal OfIssuer(
        string tenant, Role role, string subject, DateTimeOffset expires, string scheme)
    {
        var caller = Principal(tenant, role, $"subject {subject}", subject, scheme);
        caller.Identities.Single().AddClaim(
            new Claim(ExpiresClaim, expires.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)));
        return caller;
    }

    public static string? TenantOf(ClaimsPrincipal user) => user.FindFirstValue(TenantClaim);

    /// <summary>The id of the token that the request came with, or null.</summary>
    public static string? TokenOf(ClaimsPrincipal user) => user.FindFirstValue(TokenClaim);

    public static Role? RoleOf(ClaimsPrincipal user) =>
        int.TryParse(user.FindFirstValue(RoleClaim), CultureInfo.InvariantCulture, out var role) ? (Role)role : null;

    /// <summary>As the audit names whoever this is.</summary>
    public static string ActorOf(ClaimsPrincipal user) => TokenOf(user) is { } token
        ? ExpiryOf(user) is null ? $"token {token} ({user.FindFirstValue(NameClaim)})" : token
        : AuditEntry.Stranger;

    /// <summary>For endpoints that take one; only those that everybody may call have none.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var user = context.User;
        return ValueTask.FromResult(
            TenantOf(user) is { } tenant && RoleOf(user) is { } role && TokenOf(user) is { } token
            && context.Features.Get<AuditEntry>() is { } audit
                ? new Caller(tenant, role, token, ExpiryOf(user), audit)
                : null);
    }

    private static DateTimeOffset? ExpiryOf(ClaimsPrincipal user) =>
        long.TryParse(user.FindFirstValue(ExpiresClaim), CultureInfo.InvariantCulture, out var expires)
            ? DateTimeOffset.FromUnixTimeMilliseconds(expires)
            : null;
}
