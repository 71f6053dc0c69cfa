using System.Collections.Concurrent;
using System.Collections.Immutable;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Wire;
using Grpc.Core;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// One life of the stream: Hello, a snapshot of the processes, then batches and results as they come, until it breaks
/// or ends.
/// </summary>
internal sealed class ControllerStream(
    V1.AgentService.AgentServiceClient client,
    AgentGreeting greeting,
    ActivityFeed feed,
    DesiredStateApplier applier,
    AgentConditions conditions,
    AuditTrail audit,
    SwitchReports switches,
    Confirmations confirmations,
    ControllerContact contact,
    TimeProvider time) : IDisposable
{
    /// <summary>At most one batch in this time, unless the controller waits for what is in it.</summary>
    private static readonly TimeSpan BatchInterval = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<V1.AgentMessage> _messages = new();
    private readonly SemaphoreSlim _messageDue = new(0);
    private int _batchDue;

    /// <summary>
    /// Switches among the messages; where they are as many as are kept, others wait with those until these are sent.
    /// </summary>
    private int _switchesDue;
    private int _switchesLeft;

    /// <summary>The confirmations that are on their way to the disk: nothing that comes waits for it.</summary>
    private Task _confirming = Task.CompletedTask;

    /// <summary>The controller introduced itself.</summary>
    public event Action<string>? Welcomed;

    /// <summary>The controller names the authorities of its certificate.</summary>
    public event Action<V1.TrustBundle>? TrustNamed;

    /// <summary>Runs until the controller ends the stream; throws <see cref="RpcException"/> where it breaks.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var call = client.Connect(cancellationToken: ending.Token);
        feed.Restart();
        await call.RequestStream.WriteAsync(
            new V1.AgentMessage { Hello = greeting.Hello(applier.Realised) }, ending.Token);
        // First, so that no answer overtakes a switch that was made before it.
        switches.Follow(EnqueueSwitch);
        applier.Answered += Enqueue;
        conditions.Changed += EnqueueStatus;
        confirmations.RollbacksChanged += EnqueueStatus;
        audit.Added += Enqueue;
        feed.Hurried += Hurry;
        try
        {
            EnqueueWhatIsLeft();
            var sending = SendAsync(call.RequestStream, ending.Token);
            var receiving = ReceiveAsync(call.ResponseStream, ending.Token);
            await RunAsync(sending, receiving, ending);
        }
        finally
        {
            applier.Answered -= Enqueue;
            conditions.Changed -= EnqueueStatus;
            confirmations.RollbacksChanged -= EnqueueStatus;
            audit.Added -= Enqueue;
            switches.Unfollow(EnqueueSwitch);
            feed.Hurried -= Hurry;
            feed.Await([]);
            feed.Restart();
            await _confirming;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _messageDue.Dispose();

    private static async Task RunAsync(Task sending, Task receiving, CancellationTokenSource ending)
    {
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
        }
    }

    /// <summary>What happened while there was no stream.</summary>
    private void EnqueueWhatIsLeft()
    {
        if (conditions.Current.Count > 0 || confirmations.Rollbacks.Any())
        {
            EnqueueStatus();
        }

        foreach (var use in audit.Undelivered())
        {
            Enqueue(use);
        }
    }

    private void Enqueue(V1.ApplyResult result) => Enqueue(new V1.AgentMessage { Result = result });

    private void Enqueue(V1.BreakGlassUse use) => Enqueue(new V1.AgentMessage { BreakGlass = use });

    /// <summary>A controller that is slow must not make the agent grow.</summary>
    private void EnqueueSwitch(V1.SwitchReport report)
    {
        if (Interlocked.Increment(ref _switchesDue) <= SwitchReports.Max)
        {
            Enqueue(new V1.AgentMessage { Switched = report });
            return;
        }

        Volatile.Write(ref _switchesLeft, 1);
        if (Interlocked.Decrement(ref _switchesDue) == 0)
        {
            Wake();
        }
    }

    private void EnqueueStatus() => Enqueue(new V1.AgentMessage
    {
        Status = new V1.AgentStatus
        {
            Realised = applier.Realised,
            Conditions = { conditions.ToWire() },
            Rollbacks = { confirmations.Rollbacks },
        },
    });

    private void Enqueue(V1.AgentMessage message)
    {
        _messages.Enqueue(message);
        Wake();
    }

    /// <summary>A batch goes out before its time.</summary>
    private void Hurry()
    {
        Volatile.Write(ref _batchDue, 1);
        Wake();
    }

    private void Wake()
    {
        try
        {
            _messageDue.Release();
        }
        catch (ObjectDisposedException)
        {
            // The stream ended at this moment; the next one says it.
        }
    }

    private async Task ReceiveAsync(IAsyncStreamReader<V1.ControllerMessage> messages, CancellationToken cancellation)
    {
        var welcomed = false;
        await foreach (var message in messages.ReadAllAsync(cancellation))
        {
            contact.Heard();
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
                    Enqueue(result);
                }
            }
            else if (message.Receipt is { } receipt)
            {
                Take(receipt);
            }
            else if (message.Watch is { } watch)
            {
                feed.Await(Read(watch));
            }
            else if (message.Trust is { } trust)
            {
                TrustNamed?.Invoke(trust);
            }
        }
    }

    private static ImmutableArray<ProcessCondition> Read(V1.Watch watch)
    {
        try
        {
            return
                [.. watch.Conditions.Select(condition => TriggerReader.ReadCondition(condition, "watch.conditions"))];
        }
        catch (FormatException wrong)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, wrong.Message), wrong.Message);
        }
    }

    private void Take(V1.Receipt receipt)
    {
        if (receipt.HasGeneration)
        {
            _confirming = ConfirmAsync(_confirming, receipt.Generation);
        }
        else if (receipt.HasSwitched)
        {
            switches.Delivered(receipt.Switched);
        }
        else
        {
            audit.Delivered(receipt.BreakGlass);
        }
    }

    private async Task ConfirmAsync(Task before, ulong generation)
    {
        await before;
        await Task.Run(() => applier.Received(generation));
    }

    private async Task SendAsync(IClientStreamWriter<V1.AgentMessage> messages, CancellationToken cancellation)
    {
        var lastBatch = long.MinValue;
        while (true)
        {
            while (_messages.TryDequeue(out var message))
            {
                await messages.WriteAsync(message, cancellation);
                if (message.Switched is not null)
                {
                    Interlocked.Decrement(ref _switchesDue);
                }
            }

            if (Volatile.Read(ref _switchesDue) == 0 && Interlocked.Exchange(ref _switchesLeft, 0) == 1)
            {
                switches.Follow(EnqueueSwitch);
            }

            var isDue = Interlocked.Exchange(ref _batchDue, 0) == 1
                || lastBatch == long.MinValue || time.GetElapsedTime(lastBatch) >= BatchInterval;
            if (isDue && feed.Take() is { } batch)
            {
                lastBatch = time.GetTimestamp();
                await messages.WriteAsync(new V1.AgentMessage { Activity = batch.Message }, cancellation);
                feed.Sent(batch);
            }

            // A result goes out at once, and what the controller waits for; other activity when the interval is over.
            await _messageDue.WaitAsync(BatchInterval, cancellation);
        }
    }
}
