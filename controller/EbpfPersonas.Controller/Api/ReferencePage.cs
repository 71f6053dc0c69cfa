using EbpfPersonas.Controller.Access;

namespace EbpfPersonas.Controller.Api;

/// <summary>
/// /reference: /openapi/v1.json for people to read. One page without any library; its policy keeps it from asking
/// anyone but this
/// controller.
/// </summary>
internal static class ReferencePage
{
    private static readonly byte[] Html = EmbeddedFile.Read("reference.html");

    public static void MapReference(this IEndpointRouteBuilder app) =>
        app.MapGet("/reference", (HttpResponse response) =>
    {
        response.Headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; " +
            "base-uri 'none'; frame-ancestors 'none'";
        return Results.Bytes(Html, "text/html; charset=utf-8");
    }).ExcludeFromDescription().Allows(Role.Viewer).WithMetadata(new TokenAuthentication.ForPeople());
}
