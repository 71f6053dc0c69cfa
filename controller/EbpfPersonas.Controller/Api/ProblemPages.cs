using EbpfPersonas.Personas.Json;
using Grpc.AspNetCore.Server;

namespace EbpfPersonas.Controller.Api;

/// <summary>Turns everything that goes wrong outside an endpoint into a <see cref="Problem"/> too.</summary>
internal static class ProblemPages
{
    public static void UseProblems(this WebApplication app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = exception.StatusCode;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (!context.Response.HasStarted && !IsCall(context))
        {
            app.Logger.RequestFailed(
                context.Request.Method, Printable.Clean(context.Request.Path.Value ?? ""), exception);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null or 0 }
            && !IsCall(context))
        {
            await Problem.OfStatus(context.Response.StatusCode).ExecuteAsync(context);
        }
    });

    /// <summary>Agents' calls have their own words for what goes wrong.</summary>
    private static bool IsCall(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not null;
}
