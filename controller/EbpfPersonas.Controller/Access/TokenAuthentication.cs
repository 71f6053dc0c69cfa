using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using EbpfPersonas.Controller.Store;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// Knows callers by <c>Authorization: Bearer TOKEN</c> (RFC 6750). The pages that people open in a browser, which sends
/// no bearer token, also take it as the password of <c>Basic</c> (RFC 7617); nothing that changes anything does.
/// </summary>
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    ITokenStore tokens, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public const string SchemeName = "Token";

    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);

    /// <summary>Whether a token is good at this moment.</summary>
    public static bool IsGood(StoredToken token, DateTimeOffset now) =>
        token.Expires is not { } expires || now < expires;

    /// <summary>What a request sends as a bearer token, or null.</summary>
    public static string? ReadBearer(HttpRequest request) =>
        ReadHeader(request) is ({ } scheme, { } token) && scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            ? token
            : null;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Read() is not { } text)
        {
            return AuthenticateResult.NoResult();
        }

        // Which of these it is nobody is told.
        if (!ApiToken.TryParse(text, out var token)
            || await tokens.FindTokenAsync(token.Id) is not { } stored
            || !token.Has(stored.SecretHash.Span)
            || !IsGood(stored, time.GetUtcNow()))
        {
            return AuthenticateResult.Fail("The token is not known, or not good any more.");
        }

        if (stored.LastUsed is not { } used || time.GetUtcNow() - used > TouchInterval)
        {
            await tokens.TouchTokenAsync(stored.Id, time.GetUtcNow());
        }

        return AuthenticateResult.Success(new AuthenticationTicket(
            Caller.Principal(stored.Tenant, stored.Role, stored.Id, stored.Name, SchemeName), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = IsForPeople
            ? "Basic realm=\"EbpfPersonas: any user name, a token as the password\""
            : Request.Headers.Authorization.Count > 0 ? "Bearer error=\"invalid_token\"" : "Bearer";
        return Task.CompletedTask;
    }

    private bool IsForPeople =>
        HttpMethods.IsGet(Request.Method) && Context.GetEndpoint()?.Metadata.GetMetadata<ForPeople>() is not null;

    private string? Read() => ReadBearer(Request)
        ?? (IsForPeople && ReadHeader(Request) is ({ } scheme, { } parameter)
            && scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)
                ? ReadPassword(parameter)
                : null);

    private static (string? Scheme, string? Parameter) ReadHeader(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && AuthenticationHeaderValue.TryParse(header, out var value)
            ? (value.Scheme, value.Parameter)
            : default;

    private static string? ReadPassword(string parameter)
    {
        var buffer = new byte[parameter.Length];
        return Convert.TryFromBase64String(parameter, buffer, out var length)
            && Encoding.UTF8.GetString(buffer, 0, length).Split(':', 2) is [_, var password]
                ? password
                : null;
    }

    /// <summary>Marks a page for people.</summary>
    internal sealed record ForPeople;
}
