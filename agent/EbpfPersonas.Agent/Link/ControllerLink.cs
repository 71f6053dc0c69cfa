using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Settings;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Keeps the stream to the controller: connects, and when it breaks connects again. The persona in force stays
/// meanwhile.
/// </summary>
internal sealed class ControllerLink(
    AgentSettings settings,
    ControllerLocator locator,
    AgentIdentity identity,
    ActivityFeed feed,
    DesiredStateApplier applier,
    AgentConditions conditions,
    AuditTrail audit,
    SwitchReports switches,
    Confirmations confirmations,
    ControllerContact contact,
    TimeProvider time,
    ILogger<ControllerLink> log) : BackgroundService
{
    /// <summary>A stream that lived this long was stable: the next attempt comes soon.</summary>
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(10);

    private readonly ReconnectBackoff _backoff = new(Random.Shared);
    private volatile bool _connected;
    private volatile bool _hurries;
    private CancellationTokenSource? _attempt;
    private long? _welcomed;

    /// <summary>Whether a controller has welcomed this agent and the stream stands.</summary>
    public bool Connected => _connected;

    /// <summary>
    /// Ends the stream, or the wait for the next attempt, and connects anew at once: other rules are in force.
    /// </summary>
    public void Reconnect()
    {
        _hurries = true;
        try
        {
            Volatile.Read(ref _attempt)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The next attempt begins at this moment.
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The start of the host does not wait for the controller.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            _welcomed = null;
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            Volatile.Write(ref _attempt, attempt);
            try
            {
                await ConnectAsync(attempt.Token);
                Log.Disconnected(log, settings.Controller, "the controller ended the stream");
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception) when (attempt.IsCancellationRequested)
            {
                Log.Disconnected(log, settings.Controller, "other rules are in force, connecting anew");
            }
            catch (RpcException failure)
            {
                Log.Disconnected(log, settings.Controller, $"{failure.StatusCode}: {failure.Status.Detail}");
            }
            // The link tries again whatever happened; without it the VM would keep its persona for ever.
#pragma warning disable CA1031
            catch (Exception fault)
#pragma warning restore CA1031
            {
                Log.LinkFaulted(log, fault);
            }
            finally
            {
                if (_connected)
                {
                    contact.Heard();
                }

                _connected = false;
            }

            if (_hurries || (_welcomed is { } welcomed && time.GetElapsedTime(welcomed) >= Stable))
            {
                _hurries = false;
                _backoff.Reset();
            }

            await Task.Delay(_backoff.Next(), time, attempt.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ConnectAsync(CancellationToken cancellation)
    {
        var addresses = await locator.LocateAsync(cancellation);
        using var channel = ControllerChannel.Create(settings.Controller, addresses);
        using var stream = new ControllerStream(
            new V1.AgentService.AgentServiceClient(channel), identity, feed, applier, conditions, audit, switches,
            confirmations, contact, time);
        stream.Welcomed += controllerId =>
        {
            _connected = true;
            _welcomed = time.GetTimestamp();
            Log.Connected(log, settings.Controller, controllerId);
        };
        await stream.RunAsync(cancellation);
    }
}
