using System.Globalization;
using System.Text.Json;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;
using Microsoft.AspNetCore.Http.Timeouts;

namespace EbpfPersonas.Controller.Api;

/// <summary>/vms/{id}/activity: a page, or with "Accept: text/event-stream" everything from now on.</summary>
internal static class ActivityEndpoints
{
    private const string EventStream = "text/event-stream";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static void MapActivity(this IEndpointRouteBuilder api) =>
        api.MapGet("/vms/{id}/activity", GetAsync).WithName("GetActivity").Allows(Role.Viewer)
            .WithMetadata(new DisableRequestTimeoutAttribute()).WithTags("VMs")
            .WithSummary("What a VM does: processes")
            .WithDescription(
                "With 'Accept: text/event-stream' a live stream (server-sent events), which Last-Event-ID resumes.")
            .Paged()
            .Produces<ActivityPage>().Produces(200, contentType: EventStream).Fails(400, 404);

    private static async Task<IResult> GetAsync(
        string id, Caller caller, HttpContext context, PersonaManager manager, ITokenStore tokens, CallerLimits limits,
        ControllerSettings settings, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        if (!manager.TryFind(caller.Vm(id), out var actor))
        {
            return VmEndpoints.NoVm(id);
        }

        var accepted = context.Request.GetTypedHeaders().Accept;
        if (accepted.Any(type => type.MediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase)))
        {
            using var stream = limits.OpenStream(caller.TokenId);
            if (!stream.IsAcquired)
            {
                return Problem.OfStatus(StatusCodes.Status429TooManyRequests) with
                {
                    Detail = $"A token has at most {CallerLimits.MaxStreams} streams at a time.",
                };
            }

            using var ending = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted, lifetime.ApplicationStopping);
            await StreamAsync(
                actor.Activity, context, caller, IsGoodAsync, settings.Patience.Write, time, ending.Token);
            return Results.Empty;
        }

        if (!PageRequest.TryRead(context.Request, numeric: true, out var page, out var problem))
        {
            return problem;
        }

        var records = actor.Activity.Read(0).Reverse().Where(record => record.Id < page.Before)
            .Take(page.Limit + 1).ToArray();
        var items = page.Of(records, record => record, record => $"{record.Id}");
        return Results.Ok(new ActivityPage(
            items.Items, items.NextCursor, actor.Activity.EventsLost,
            actor.ProcessesKnown ? actor.Processes.Count : null));

        async Task<bool> IsGoodAsync() => caller.Expires is not null
            || (await tokens.FindTokenAsync(caller.TokenId) is { } token
                && TokenAuthentication.IsGood(token, time.GetUtcNow()));
    }

    private static async Task StreamAsync(
        ActivityLog activity, HttpContext context, Caller caller, Func<Task<bool>> isGood, TimeSpan writePatience,
        TimeProvider time, CancellationToken ended)
    {
        // Without Last-Event-ID the stream begins now; an id of an earlier run of the controller is above all of this
        // one's.
        var after = long.TryParse(
            context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            ? last : long.MaxValue;
        using var watch = activity.Watch(after, out var reader);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ended);
        var response = context.Response;
        response.ContentType = EventStream;
        response.Headers.CacheControl = "no-cache";
        try
        {
            await WriteAsync(": what the VM does from now on\n\n");
            await FlushAsync();
            var ready = reader.WaitToReadAsync(ended).AsTask();
            var looked = time.GetTimestamp();
            while (true)
            {
                var left = caller.Expires - time.GetUtcNow();
                if (left <= TimeSpan.Zero)
                {
                    return;
                }

                // News do not put the next look at the token off.
                var untilLook = Heartbeat - time.GetElapsedTime(looked);
                var pause = left < untilLook ? left.Value : untilLook > TimeSpan.Zero ? untilLook : TimeSpan.Zero;
                if (await Task.WhenAny(ready, Task.Delay(pause, time, ended)) != ready)
                {
                    await WriteAsync(": alive\n\n");
                }
                else if (!await ready)
                {
                    return;
                }

                if (time.GetElapsedTime(looked) >= Heartbeat)
                {
                    // A token that is not good any more hears nothing more.
                    if (!await isGood())
                    {
                        return;
                    }

                    looked = time.GetTimestamp();
                }

                while (reader.TryRead(out var record))
                {
                    var data = JsonSerializer.Serialize(record, ApiJson.Options);
                    await WriteAsync(
                        FormattableString.Invariant($"id: {record.Id}\nevent: {record.Kind}\ndata: {data}\n\n"));
                }

                await FlushAsync();
                if (ready.IsCompleted)
                {
                    ready = reader.WaitToReadAsync(ended).AsTask();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client went away, the controller stops, or nobody reads, and then an end of the answer neither.
            if (!ended.IsCancellationRequested)
            {
                context.Abort();
            }
        }

        Task WriteAsync(string text) => HurryAsync(response.WriteAsync(text, patience.Token));

        Task FlushAsync() => HurryAsync(response.Body.FlushAsync(patience.Token));

        async Task HurryAsync(Task writing)
        {
            if (!writing.IsCompleted)
            {
                patience.CancelAfter(writePatience);
            }

            await writing;
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }
}
