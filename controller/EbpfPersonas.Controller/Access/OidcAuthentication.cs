using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// Knows callers by the signed tokens (RFC 7519) of an issuer, beside those of <see cref="TokenAuthentication"/>. What
/// a token does not say, or says in other words than ours, lets nobody in: there is no role or tenant by default.
/// </summary>
internal static class OidcAuthentication
{
    /// <summary>Of callers that an issuer vouches for.</summary>
    public const string SchemeName = "Oidc";

    /// <summary>Picks one of the two by how the token begins.</summary>
    private const string EitherScheme = "Either";

    /// <summary>OpenID Connect Core 1.0 section 2: a subject has at most 255 ASCII characters.</summary>
    private const int MaxSubject = 255;

    /// <summary>How far the issuer's clock and ours may be apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Public keys alone (RFC 7518 section 3.1): no shared secret, which a public key could be taken for, no "none".
    /// </summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>
    /// Puts it beside <see cref="TokenAuthentication"/>, which goes on to answer those who are not let in. Throws
    /// <see cref="InvalidDataException"/> or <see cref="IOException"/> where the authorities' file cannot be read.
    /// </summary>
    public static void AddOidc(this AuthenticationBuilder authentication, OidcSettings settings)
    {
        ArgumentNullException.ThrowIfNull(authentication);
        var services = authentication.Services;
        var handler = OidcIssuer.Handler(settings);
        services.AddSingleton(settings);
        services.AddSingleton<OidcIssuer>();
        services.AddOptions<JwtBearerOptions>(SchemeName)
            .Configure<TimeProvider, OidcIssuer>((options, time, issuer) =>
            {
                options.BackchannelHttpHandler = handler;
                Configure(options, settings, time, issuer);
            });
        services.Configure<AuthenticationOptions>(options => options.DefaultScheme = EitherScheme);
        authentication.AddJwtBearer(SchemeName, _ => { });
        authentication.AddPolicyScheme(EitherScheme, null, options =>
        {
            options.ForwardDefaultSelector = context => IsOfIssuer(context.Request)
                ? SchemeName
                : TokenAuthentication.SchemeName;
            options.ForwardChallenge = TokenAuthentication.SchemeName;
            options.ForwardForbid = TokenAuthentication.SchemeName;
        });
    }

    private static bool IsOfIssuer(HttpRequest request) =>
        TokenAuthentication.ReadBearer(request) is { } token
        && !token.StartsWith(ApiToken.Prefix, StringComparison.Ordinal);

    private static void Configure(JwtBearerOptions options, OidcSettings settings, TimeProvider time, OidcIssuer issuer)
    {
        options.Authority = settings.Authority.OriginalString;
        options.BackchannelTimeout = OidcIssuer.Patience;
        options.MapInboundClaims = false;
        options.SaveToken = false;
        options.IncludeErrorDetails = false;
        options.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAlgorithms = Algorithms,
            ValidAudience = settings.Audience,
            // The issuer is the one that its own document names.
            ValidateIssuer = true,
            ValidateAudience = true,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (notBefore, expires, _, _) => IsGood(notBefore, expires, time.GetUtcNow()),
        };
        options.Events = new JwtBearerEvents
        {
            OnMessageReceived = async context =>
            {
                context.Token = TokenAuthentication.ReadBearer(context.Request);
                if (!await issuer.IsKnownAsync(options.ConfigurationManager!))
                {
                    context.Fail("The issuer's keys are not known.");
                }
            },
            OnTokenValidated = context =>
            {
                if (TryRead(context.SecurityToken, context.Principal!, settings, out var caller))
                {
                    context.Principal = caller;
                }
                else
                {
                    context.Fail("The token does not say who the caller is in words that are known here.");
                }

                return Task.CompletedTask;
            },
        };
    }

    private static bool IsGood(DateTime? notBefore, DateTime? expires, DateTimeOffset now) =>
        expires is { } end && now < end + ClockSkew && (notBefore is not { } start || start - ClockSkew <= now);

    private static bool TryRead(
        SecurityToken token, ClaimsPrincipal claims, OidcSettings settings,
        [NotNullWhen(true)] out ClaimsPrincipal? caller)
    {
        var subject = One(claims, JwtRegisteredClaimNames.Sub);
        var tenant = One(claims, settings.TenantClaim);
        caller = subject is { Length: > 0 and <= MaxSubject } && subject.All(letter => letter is >= ' ' and <= '~')
            && tenant is not null && Tenants.IsName(tenant)
            && Roles.TryParse(One(claims, settings.RoleClaim), out var role)
                ? Caller.OfIssuer(
                    tenant, role.Value, subject, new DateTimeOffset(token.ValidTo) + ClockSkew, SchemeName)
                : null;
        return caller is not null;
    }

    /// <summary>A claim that stands there once, as a string; else null.</summary>
    private static string? One(ClaimsPrincipal claims, string type) =>
        claims.FindAll(type).ToArray() is [{ ValueType: ClaimValueTypes.String } claim] ? claim.Value : null;
}
