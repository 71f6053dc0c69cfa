using System.Globalization;
using System.Security.Claims;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// Who sent a request that was let through, for endpoints to take as a parameter; with the record that the request
/// leaves.
/// </summary>
internal sealed record Caller(string Tenant, Role Role, string TokenId, AuditEntry Audit)
{
    private const string TenantClaim = "tenant";
    private const string RoleClaim = "role";
    private const string TokenClaim = "token";
    private const string NameClaim = "name";

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

    public static string? TenantOf(ClaimsPrincipal user) => user.FindFirstValue(TenantClaim);

    /// <summary>The id of the token that the request came with, or null.</summary>
    public static string? TokenOf(ClaimsPrincipal user) => user.FindFirstValue(TokenClaim);

    public static Role? RoleOf(ClaimsPrincipal user) =>
        int.TryParse(user.FindFirstValue(RoleClaim), CultureInfo.InvariantCulture, out var role) ? (Role)role : null;

    /// <summary>As the audit names whoever this is.</summary>
    public static string ActorOf(ClaimsPrincipal user) => TokenOf(user) is { } token
        ? $"token {token} ({user.FindFirstValue(NameClaim)})"
        : "anonymous";

    /// <summary>For endpoints that take one; only those that everybody may call have none.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var user = context.User;
        return ValueTask.FromResult(
            TenantOf(user) is { } tenant && RoleOf(user) is { } role && TokenOf(user) is { } token
            && context.Features.Get<AuditEntry>() is { } audit
                ? new Caller(tenant, role, token, audit)
                : null);
    }
}
