using EbpfPersonas.Controller.Fleet;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>What agents' calls may bring. Nothing is unpacked: little sent is little kept.</summary>
internal static class AgentCalls
{
    /// <summary>
    /// Octets of a snapshot of a VM full of processes with long paths; the agent keeps it below this.
    /// </summary>
    private const int MaxMessage = 32 * 1024 * 1024;

    public static void AddAgentCalls(this WebApplicationBuilder builder)
    {
        builder.Services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MaxMessage;
            options.IgnoreUnknownServices = true;
            options.Interceptors.Add<CallFaults>();
        });
        // The library adds its own where there are none.
        builder.Services.PostConfigure<GrpcServiceOptions>(options => options.CompressionProviders.Clear());
    }

    /// <summary>
    /// The message of a unary call is read before anybody asks whose it is. Those of a stream are read when its
    /// certificate was judged.
    /// </summary>
    public static Task LimitBodyAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is { Method.Type: MethodType.Unary }
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = EnrolmentEndpoint.MaxMessage;
        }

        return next(context);
    }
}
