using System.Text.Json.Nodes;

namespace EbpfPersonas.Controller.Api;

/// <summary>What endpoints say of themselves in /openapi/v1.json.</summary>
internal static class ApiDescriptions
{
    /// <summary>The media type of a persona document.</summary>
    public const string Json = "application/json";

    /// <summary>Answers with problem+json of these statuses.</summary>
    public static RouteHandlerBuilder Fails(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            endpoint.Produces<Problem>(status, Problem.ContentType);
        }

        return endpoint;
    }

    /// <summary>Takes ?limit= and ?cursor=.</summary>
    public static RouteHandlerBuilder Paged(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new PagedMetadata());

    /// <summary>Takes a persona document.</summary>
    public static RouteHandlerBuilder AcceptsPersona(this RouteHandlerBuilder endpoint) =>
        endpoint.Accepts<JsonObject>(Json);

    /// <summary>Answers with a persona document, metadata and status.</summary>
    public static RouteHandlerBuilder ReturnsPersona(this RouteHandlerBuilder endpoint, int status) =>
        endpoint.Produces<JsonObject>(status, Json);

    /// <summary>Marks a paged list.</summary>
    internal sealed record PagedMetadata;
}
