using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Hosting;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// What every request of a client goes through: limits, and the record that it leaves in the audit. A record is
/// durable before the answer begins: with the change where there is one, else alone.
/// </summary>
internal static class RequestGate
{
    private const int MaxTarget = 512;

    /// <summary>Those that the audit names; any other is the caller's text.</summary>
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    /// <summary>Stands behind authentication, so that nobody can use up the attempts of those who are known.</summary>
    public static void UseRequestGate(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Features.Get<ListenerFeature>() is { ForAgents: true })
        {
            await next(context);
            return;
        }

        var entry = NewEntry(context);
        context.Features.Set(entry);
        var isRecorded = false;
        context.Response.OnStarting(RecordAsync);
        try
        {
            if (MayAsk(context))
            {
                await next(context);
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                context.Response.Headers.RetryAfter = Caller.TokenOf(context.User) is null ? "60" : "1";
            }
        }
        finally
        {
            // To whoever does not wait for it no answer starts.
            if (IsRefusal(context.Response.StatusCode))
            {
                await RecordAsync();
            }
        }

        // A change has its record from the store, in the same transaction; this is what changed nothing.
        async Task RecordAsync()
        {
            var status = context.Response.StatusCode;
            if (isRecorded || entry.IsStored || !(IsRefusal(status) || IsWrite(context)))
            {
                return;
            }

            isRecorded = true;
            entry.Result = status < 400 ? AuditEntry.Ok : $"refused: {status}";
            await context.RequestServices.GetRequiredService<LimitedAudit>().RecordAsync(entry);
        }
    });

    private static bool MayAsk(HttpContext context) => Caller.TokenOf(context.User) is { } token
        ? context.RequestServices.GetRequiredService<CallerLimits>().TryAsk(token)
        : IsForEverybody(context)
            || !context.RequestServices.GetRequiredService<RecordCounts>().IsSpent(context.Connection.RemoteIpAddress);

    private static AuditEntry NewEntry(HttpContext context) => new()
    {
        Tenant = Caller.TenantOf(context.User),
        Actor = Caller.ActorOf(context.User),
        Action = context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName
            ?? (Methods.Contains(context.Request.Method) ? context.Request.Method : "other"),
        Target = Shorten(context.Request.Path.Value ?? ""),
        Source = context.Connection.RemoteIpAddress?.ToString() ?? "unknown",
    };

    /// <summary>A path is the caller's text: it is shortened, and has no control characters.</summary>
    private static string Shorten(string path) =>
        string.Concat(path.Where(character => !char.IsControl(character)).Take(MaxTarget));

    private static bool IsRefusal(int status) => status is StatusCodes.Status401Unauthorized
        or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests;

    private static bool IsWrite(HttpContext context) =>
        !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
        && context.GetEndpoint()?.Metadata.GetMetadata<DryRun>() is null;

    private static bool IsForEverybody(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAllowAnonymous>() is not null;

    /// <summary>Marks an endpoint that changes nothing although its method could.</summary>
    internal sealed record DryRun;
}
