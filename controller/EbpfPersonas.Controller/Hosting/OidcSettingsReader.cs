using EbpfPersonas.Controller.Access;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>Puts the settings of the issuer together; without authority and audience there is none.</summary>
internal static class OidcSettingsReader
{
    private const string Authority = "oidc_authority";
    private const string Audience = "oidc_audience";
    private const string TenantClaim = "oidc_tenant_claim";
    private const string RoleClaim = "oidc_role_claim";
    private const string AuthoritiesFile = "oidc_ca";

    public static IReadOnlyList<string> Keys { get; } = [Authority, Audience, TenantClaim, RoleClaim, AuthoritiesFile];

    public static OidcSettings? Read(
        IReadOnlyDictionary<string, (string Value, string Origin)> values, ICollection<string> problems)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var key in Keys.Where(key => Value(key) is ""))
        {
            problems.Add($"{values[key].Origin}: {key} is empty.");
        }

        if (Value(Authority) is not { } authority || Value(Audience) is not { } audience)
        {
            if (values.Keys.Any(Keys.Contains))
            {
                problems.Add($"{Authority} and {Audience} go together: set both, or nothing that begins with oidc_.");
            }

            return null;
        }

        if (!Uri.TryCreate(authority, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps
            || address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0)
        {
            problems.Add(
                $"{values[Authority].Origin}: {Authority} {Printable.Quote(authority)} is not an issuer's address: " +
                "https://HOST or https://HOST/PATH, and nothing behind it.");
            return null;
        }

        var settings = new OidcSettings
        {
            Authority = address,
            Audience = audience,
            AuthoritiesFile = Value(AuthoritiesFile),
        };
        return settings with
        {
            TenantClaim = Value(TenantClaim) ?? settings.TenantClaim,
            RoleClaim = Value(RoleClaim) ?? settings.RoleClaim,
        };

        string? Value(string key) => values.TryGetValue(key, out var value) ? value.Value : null;
    }
}
