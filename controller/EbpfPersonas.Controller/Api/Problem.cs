using EbpfPersonas.Personas.Identity;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Api;

/// <summary>Every answer that is no success, as application/problem+json (RFC 9457).</summary>
/// <param name="Type">What kind of problem, as a URN that does not change.</param>
/// <param name="Title">The kind in a few words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">This occurrence, in a sentence.</param>
/// <param name="Errors">What is wrong with the request, each with a JSON Pointer into its body, a code and a sentence;
/// may be empty.</param>
internal sealed record Problem(
    string Type, string Title, int Status, string Detail, IReadOnlyList<Finding> Errors) : IResult
{
    /// <summary>The media type.</summary>
    public const string ContentType = "application/problem+json";

    public static Problem Of(
        int status, string kind, string title, string detail, IReadOnlyList<Finding>? errors = null) =>
        new($"urn:ebpf-personas:problem:{kind}", title, status, detail, errors ?? []);

    /// <summary>The body or the parameters are wrong: 400 where the body is not JSON at all, else 422.</summary>
    public static Problem Invalid(IReadOnlyList<Finding> errors)
    {
        var malformed = errors.Any(error => error.Code is FindingCode.MalformedJson or FindingCode.TooDeep);
        return Of(
            malformed ? StatusCodes.Status400BadRequest : StatusCodes.Status422UnprocessableEntity,
            malformed ? "malformed" : "invalid", malformed ? "Malformed body" : "Invalid document",
            errors.Count == 1 ? errors[0].Message : $"There are {errors.Count} errors.", errors);
    }

    public static Problem NotFound(string what) => Of(StatusCodes.Status404NotFound, "not-found", "Not found", what);

    public static Problem BadRequest(string detail) =>
        Of(StatusCodes.Status400BadRequest, "bad-request", "Bad request", detail);

    public static Problem Conflict(string detail) => Of(StatusCodes.Status409Conflict, "conflict", "Conflict", detail);

    public static Problem PreconditionFailed(string detail) =>
        Of(StatusCodes.Status412PreconditionFailed, "precondition-failed", "Precondition failed", detail);

    /// <summary>For an answer that only has a status.</summary>
    public static Problem OfStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Of(
            status, "unauthenticated", "Not authenticated",
            "Send a token that is good at this moment: Authorization: Bearer TOKEN."),
        StatusCodes.Status403Forbidden =>
            Of(status, "forbidden", "Forbidden", "The role of this token does not allow this."),
        StatusCodes.Status429TooManyRequests => Of(
            status, "too-many-requests", "Too many requests", "Ask again after the seconds in Retry-After."),
        StatusCodes.Status504GatewayTimeout =>
            Of(status, "timeout", "Timed out", "The request took too long, and was given up."),
        StatusCodes.Status404NotFound => NotFound("There is nothing at this address."),
        StatusCodes.Status405MethodNotAllowed =>
            Of(status, "method-not-allowed", "Method not allowed", "This address does not take this method."),
        StatusCodes.Status408RequestTimeout =>
            Of(status, "too-slow", "Too slow", "The request took too long to arrive, and was given up."),
        StatusCodes.Status413PayloadTooLarge => Of(
            status, "too-large", "Body too large", $"A body has at most {RequestBody.MaxBytes} bytes."),
        StatusCodes.Status415UnsupportedMediaType => Of(
            status, "media-type", "Unsupported media type", "Send the body as application/json in UTF-8."),
        >= 500 => Of(status, "internal", "Internal error", "The controller could not answer; see its log."),
        _ => Of(status, "bad-request", "Bad request", "The request could not be understood."),
    };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        httpContext.Response.StatusCode = Status;
        return httpContext.Response.WriteAsJsonAsync(
            WithoutSecrets(), ApiJson.Options, ContentType, httpContext.RequestAborted);
    }

    /// <summary>A caller's mistake may quote a secret of the caller, and answers get into logs of others.</summary>
    private Problem WithoutSecrets() => this with
    {
        Detail = SecretText.Mask(Detail),
        Errors = [.. Errors.Select(error => error with
        {
            Pointer = SecretText.Mask(error.Pointer),
            Message = SecretText.Mask(error.Message),
        })],
    };
}
