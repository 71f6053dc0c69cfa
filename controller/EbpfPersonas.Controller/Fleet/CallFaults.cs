using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// Says whose fault it is when a call fails otherwise than with a status: INTERNAL where it was the controller's, which
/// its log explains, and INVALID_ARGUMENT where a message could not be read. gRPC's library has UNKNOWN for both, and a
/// stack trace in the log for each message of garbage that a stranger sends.
/// </summary>
internal sealed class CallFaults(ILogger<CallFaults> log) : Interceptor
{
    /// <summary>The category in which the library logs what is told here already.</summary>
    public const string LibraryCategory = "Grpc.AspNetCore.Server.ServerCallHandler";

    private static Status Unreadable { get; } = new(StatusCode.InvalidArgument, "A message cannot be read.");

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception) when (IsOurs(exception, context))
        {
            throw Failed(exception, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception) when (IsOurs(exception, context))
        {
            throw Failed(exception, context);
        }
    }

    /// <summary>
    /// Takes the next message of a stream, if there is one; INVALID_ARGUMENT where it cannot be read: not one of
    /// protocol buffers, not unpacked as it says, or not framed.
    /// </summary>
    public static async Task<bool> NextAsync<T>(IAsyncStreamReader<T> requests, CancellationToken ended)
    {
        ArgumentNullException.ThrowIfNull(requests);
        try
        {
            return await requests.MoveNext(ended);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidDataException)
        {
            throw new RpcException(Unreadable);
        }
    }

    /// <summary>
    /// The message of a unary call is read before any interceptor is asked: what is UNKNOWN behind all of them is one
    /// that could not be read.
    /// </summary>
    public static async Task TellUnreadableAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        await next(context);
        var headers = context.Response.Headers;
        if (!context.Response.HasStarted && headers["grpc-status"] == $"{(int)StatusCode.Unknown}")
        {
            headers["grpc-status"] = $"{(int)Unreadable.StatusCode}";
            headers["grpc-message"] = Uri.EscapeDataString(Unreadable.Detail);
        }
    }

    private static bool IsOurs(Exception exception, ServerCallContext context) =>
        exception is not RpcException && !context.CancellationToken.IsCancellationRequested;

    private RpcException Failed(Exception exception, ServerCallContext context)
    {
        log.CallFailed(context.Method, exception);
        return new RpcException(
            new Status(StatusCode.Internal, "The controller could not answer; see its log."));
    }
}
