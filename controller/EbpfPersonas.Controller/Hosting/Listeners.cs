using EbpfPersonas.Controller.Api;
using EbpfPersonas.Controller.Fleet;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>The two listeners, one for clients and one for agents; neither serves what is the other's.</summary>
internal static class Listeners
{
    /// <summary>
    /// Connections of one listener: of each agent one for its stream, and one that it makes to confirm or to renew; and
    /// as many again as a tenth of those, for what is half open. Beyond that a new one is closed before its handshake,
    /// which keeps memory, and not the agents that are there, from those who only connect.
    /// </summary>
    private const long MaxConnections = 2 * AgentFleet.MaxStreams * 11 / 10;

    /// <summary>A connection without a call is closed; agents' streams are calls.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The head of a request fits one packet, and this is enough to send a lost one several times again. Who sends it
    /// octet by octet holds a connection no longer than that.
    /// </summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    public static void AddListeners(this WebApplicationBuilder builder, ControllerSettings settings)
    {
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // A little above what is read, so that the answer to a body that is too large is ours.
            kestrel.Limits.MaxRequestBodySize = 4 * RequestBody.MaxBytes;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.KeepAliveTimeout = IdleTimeout;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.Http2.MaxStreamsPerConnection = 16;
            var (api, agents) = (settings.ApiListen, settings.AgentsListen);
            kestrel.Listen(api.Address, api.Port, listen =>
            {
                Mark(listen, HttpProtocols.Http1, forAgents: false);
                if (api.IsTls)
                {
                    listen.UseTlsForClients();
                }
            });
            kestrel.Listen(agents.Address, agents.Port, listen =>
            {
                Mark(listen, HttpProtocols.Http2, forAgents: true);
                listen.UseTlsForAgents();
            });
        });
    }

    /// <summary>
    /// Answers 404 where a request came in by the other listener, and to what is no call at that of the agents. Stands
    /// behind routing.
    /// </summary>
    public static void UseListenerWall(this WebApplication app) => app.Use((context, next) =>
    {
        var isCall = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not null;
        if (context.Features.Get<ListenerFeature>() is { } listener
            && (listener.ForAgents ? !isCall : isCall || IsCallPath(context.Request.Path)))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return next(context);
    });

    /// <summary>Also where no call takes the method: that there is none at this listener is said first.</summary>
    private static bool IsCallPath(PathString path) =>
        path.Value!.StartsWith("/ebpf_personas.v1.", StringComparison.OrdinalIgnoreCase);

    private static void Mark(ListenOptions listen, HttpProtocols protocols, bool forAgents)
    {
        listen.Protocols = protocols;
        listen.Use(next => connection =>
        {
            connection.Features.Set(new ListenerFeature(forAgents));
            return next(connection);
        });
    }
}
