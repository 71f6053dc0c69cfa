using EbpfPersonas.Controller.Api;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// Who may call which endpoint: each says it by <see cref="Allows"/>; one that says nothing is for nobody.
/// </summary>
internal static class AccessPolicies
{
    public static void AddAccess(this WebApplicationBuilder builder, OidcSettings? oidc)
    {
        builder.Services.AddSingleton<CallerLimits>();
        builder.Services.AddSingleton<TokenIssuer>();
        var authentication = builder.Services.AddAuthentication(TokenAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, null);
        if (oidc is not null)
        {
            authentication.AddOidc(oidc);
        }

        builder.Services.AddAuthorization(options =>
        {
            foreach (var role in Enum.GetValues<Role>())
            {
                options.AddPolicy(
                    role.Word(),
                    policy => policy.RequireAuthenticatedUser()
                        .RequireAssertion(context => Caller.RoleOf(context.User) >= role));
            }

            // That there is nothing at an address, or that it takes another method or media type, is said to those who
            // are known: no endpoint of ours stands there.
            options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser()
                .RequireAssertion(context => (context.Resource as HttpContext)?.GetEndpoint() is not RouteEndpoint)
                .Build();
        });
    }

    /// <summary>Lets callers in who have this role or more.</summary>
    public static TBuilder Allows<TBuilder>(this TBuilder endpoints, Role role)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.RequireAuthorization(role.Word())
            .WithMetadata(new Needed(role))
            .WithMetadata(
                new ProducesResponseTypeMetadata(401, typeof(Problem), [Problem.ContentType]),
                new ProducesResponseTypeMetadata(403, typeof(Problem), [Problem.ContentType]),
                new ProducesResponseTypeMetadata(429, typeof(Problem), [Problem.ContentType]));

    /// <summary>The role that an endpoint needs, for its description.</summary>
    internal sealed record Needed(Role Role);
}
