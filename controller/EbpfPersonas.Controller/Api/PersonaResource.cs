using System.Text.Json;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Api;

/// <summary>
/// A persona as it goes out: the client's own text, byte for byte, and behind its last member <c>metadata</c>,
/// <c>status</c> and, in the answer to a write, <c>warnings</c> and <c>size</c>.
/// </summary>
internal sealed record PersonaResource(
    LivePersona Persona, int Status = StatusCodes.Status200OK, bool IsWritten = false) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var stored = Persona.Stored;
        var metadata = new PersonaMetadata(stored.Revision, stored.Created, stored.Updated);
        var status = new { Conditions = Condition.NotEnforced(Persona.Validated.Warnings) };
        var members = IsWritten
            ? JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    metadata,
                    status,
                    warnings = Persona.Validated.Warnings,
                    size = PersonaSize.Of(Persona.Wire, Persona.Validated.Size),
                },
                ApiJson.Options)
            : JsonSerializer.SerializeToUtf8Bytes(new { metadata, status }, ApiJson.Options);
        var body = DocumentText.With(stored.Document.Span, members.AsSpan(1, members.Length - 2));

        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.Length;
        response.Headers.ETag = EntityTags.Of(stored.Revision);
        if (Status == StatusCodes.Status201Created)
        {
            response.Headers.Location = $"/api/v1/personas/{stored.Name}";
        }

        return response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }
}
