using System.Collections.Concurrent;
using EbpfPersonas.Agent.Activity;
using Grpc.Core;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// One life of the stream: Hello, a snapshot of the processes, then batches and results as they come, until it breaks
/// or ends.
/// </summary>
internal sealed class ControllerStream(
    V1.AgentService.AgentServiceClient client,
    AgentIdentity identity,
    ActivityFeed feed,
    DesiredStateApplier applier,
    TimeProvider time) : IDisposable
{
    /// <summary>At most one batch in this time.</summary>
    private static readonly TimeSpan BatchInterval = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<V1.ApplyResult> _results = new();
    private readonly SemaphoreSlim _resultDue = new(0);

    /// <summary>The controller introduced itself.</summary>
    public event Action<string>? Welcomed;

    /// <summary>Runs until the controller ends the stream; throws <see cref="RpcException"/> where it breaks.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var call = client.Connect(cancellationToken: ending.Token);
        feed.Restart();
        await call.RequestStream.WriteAsync(
            new V1.AgentMessage { Hello = identity.Hello(applier.Realised) }, ending.Token);
        var sending = SendAsync(call.RequestStream, ending.Token);
        var receiving = ReceiveAsync(call.ResponseStream, ending.Token);
        try
        {
            // The receiving side ends first, or the sending side fails: either ends the other.
            await await Task.WhenAny(sending, receiving);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(sending, receiving).ContinueWith(
                static _ => { },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            feed.Restart();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _resultDue.Dispose();

    private async Task ReceiveAsync(IAsyncStreamReader<V1.ControllerMessage> messages, CancellationToken cancellation)
    {
        var welcomed = false;
        await foreach (var message in messages.ReadAllAsync(cancellation))
        {
            if (message.Welcome is { } welcome)
            {
                welcomed = true;
                applier.Welcome(welcome.ControllerId);
                Welcomed?.Invoke(welcome.ControllerId);
            }
            else if (message.Desired is { } desired)
            {
                if (!welcomed)
                {
                    throw new RpcException(new Status(
                        StatusCode.FailedPrecondition, "The controller sent a desired state before its welcome."));
                }

                if (applier.Apply(desired) is { } result)
                {
                    _results.Enqueue(result);
                    _resultDue.Release();
                }
            }
        }
    }

    private async Task SendAsync(IClientStreamWriter<V1.AgentMessage> messages, CancellationToken cancellation)
    {
        var lastBatch = long.MinValue;
        while (true)
        {
            while (_results.TryDequeue(out var result))
            {
                await messages.WriteAsync(new V1.AgentMessage { Result = result }, cancellation);
            }

            if ((lastBatch == long.MinValue || time.GetElapsedTime(lastBatch) >= BatchInterval)
                && feed.Take() is { } batch)
            {
                lastBatch = time.GetTimestamp();
                await messages.WriteAsync(new V1.AgentMessage { Activity = batch }, cancellation);
            }

            // A result goes out at once; activity waits for the interval.
            await _resultDue.WaitAsync(BatchInterval, cancellation);
        }
    }
}
