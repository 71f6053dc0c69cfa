namespace EbpfPersonas.Controller.Api;

/// <summary>304, with the tag that the client has (RFC 9110 section 15.4.5).</summary>
internal sealed record NotModified(string EntityTag) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        httpContext.Response.StatusCode = StatusCodes.Status304NotModified;
        httpContext.Response.Headers.ETag = EntityTag;
        return Task.CompletedTask;
    }
}
