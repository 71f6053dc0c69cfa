using EbpfPersonas.Controller.Store;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Api;

/// <summary>/healthz: the process answers. /readyz: it can read its store.</summary>
internal static class ProbeEndpoints
{
    public static void MapProbes(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription().AllowAnonymous();
        app.MapGet("/readyz", ReadyAsync).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<IResult> ReadyAsync(IStore store, ILogger<IStore> log)
    {
        try
        {
            await store.CheckAsync();
            return Results.Text("ok\n");
        }
        catch (Exception exception) when (exception is SqliteException or IOException)
        {
            log.StoreUnreadable(exception.Message);
            return Problem.Of(
                StatusCodes.Status503ServiceUnavailable, "not-ready", "Not ready",
                "The store cannot be read; why, the controller's log says.");
        }
    }
}
