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

    /// <summary>Stands behind authentication, so that nobody can use up the attempts of those who are known.</summary>
    public static void UseRequestGate(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Features.Get<ListenerFeature>() is { ForAgents: true })
        {
            await next(context);
            return;
        }

        var limits = context.RequestServices.GetRequiredService<CallerLimits>();
        var source = CallerLimits.SourceOf(context.Connection.RemoteIpAddress);
        var entry = NewEntry(context);
        context.Features.Set(entry);
        context.Response.OnStarting(() => RecordAsync(context, entry, limits, source));
        var mayAsk = Caller.TokenOf(context.User) is { } token
            ? limits.TryAsk(token)
            : limits.MayTry(source) || IsForEverybody(context);
        if (mayAsk)
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = context.User.Identity?.IsAuthenticated is true ? "1" : "60";
    });

    private static AuditEntry NewEntry(HttpContext context) => new()
    {
        Tenant = Caller.TenantOf(context.User),
        Actor = Caller.ActorOf(context.User),
        Action = context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName
            ?? context.Request.Method,
        Target = Shorten(context.Request.Path.Value ?? ""),
        Source = context.Connection.RemoteIpAddress?.ToString() ?? "unknown",
    };

    /// <summary>A path is the caller's text: it is shortened, and has no control characters.</summary>
    private static string Shorten(string path) =>
        string.Concat(path.Where(character => !char.IsControl(character)).Take(MaxTarget));

    private static async Task RecordAsync(HttpContext context, AuditEntry entry, CallerLimits limits, string source)
    {
        var status = context.Response.StatusCode;
        if (status == StatusCodes.Status401Unauthorized)
        {
            limits.Failed(source);
        }

        var isRefusal = status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden
            or StatusCodes.Status429TooManyRequests;
        if (entry.IsStored || !(isRefusal || IsWrite(context)))
        {
            return;
        }

        if (status == StatusCodes.Status429TooManyRequests
            && !limits.IsNews($"{entry.Tenant} {entry.Actor} {source}"))
        {
            return;
        }

        entry.Result = status < 400 ? "ok" : $"refused: {status}";
        await context.RequestServices.GetRequiredService<IAudit>().AppendAsync(entry);
    }

    private static bool IsWrite(HttpContext context) =>
        !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
        && context.GetEndpoint()?.Metadata.GetMetadata<DryRun>() is null;

    private static bool IsForEverybody(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAllowAnonymous>() is not null;

    /// <summary>Marks an endpoint that changes nothing although its method could.</summary>
    internal sealed record DryRun;
}
