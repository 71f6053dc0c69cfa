using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Identity;
using EbpfPersonas.Agent.Settings;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Keeps the stream to the controller: connects, and when it breaks connects again; enrols first where the VM has to.
/// The persona in force stays meanwhile.
/// </summary>
internal sealed class ControllerLink(
    AgentSettings settings,
    ControllerLocator locator,
    VmIdentity identity,
    Enrolment enrolment,
    AgentGreeting greeting,
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

    /// <summary>What is wrong with whoever answered.</summary>
    private string? _distrust;

    /// <summary>Whether a controller has welcomed this agent and the stream stands.</summary>
    public bool Connected => _connected;

    /// <summary>
    /// Ends the stream, or the wait for the next attempt, and connects anew at once: other rules are in force, or the
    /// VM has another certificate.
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
            (_welcomed, _distrust) = (null, null);
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            Volatile.Write(ref _attempt, attempt);
            try
            {
                if (await ConnectAsync(attempt.Token))
                {
                    Log.Disconnected(log, settings.Controller, "the controller ended the stream");
                }
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception) when (attempt.IsCancellationRequested)
            {
                Log.Disconnected(log, settings.Controller, "other rules or another certificate, connecting anew");
            }
            catch (RpcException failure)
            {
                Log.Disconnected(
                    log, settings.Controller, _distrust ?? $"{failure.StatusCode}: {failure.Status.Detail}");
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

    /// <summary>Whether there was a stream, which ended; false: there is nothing to connect with yet.</summary>
    private async Task<bool> ConnectAsync(CancellationToken cancellation)
    {
        var addresses = await locator.LocateAsync(cancellation);
        if (await enrolment.ReadyAsync(addresses, cancellation) is not { } credentials)
        {
            return false;
        }

        var trust = ControllerTrust.Of(credentials, time);
        using var channel = ControllerChannel.Create(settings.Controller, addresses, trust);
        using var stream = new ControllerStream(
            new V1.AgentService.AgentServiceClient(channel), greeting, feed, applier, conditions, audit, switches,
            confirmations, contact, time);
        stream.Welcomed += controllerId =>
        {
            _connected = true;
            _welcomed = time.GetTimestamp();
            enrolment.Accepted();
            Log.Connected(log, settings.Controller, controllerId);
        };
        // Written to the disk at once: that happens once in years.
        stream.TrustNamed += bundle => identity.TakeTrust(bundle, trust.Controller!);
        try
        {
            await stream.RunAsync(cancellation);
            return true;
        }
        catch (RpcException failure)
        {
            _distrust = trust.Refusal;
            if (identity.Current?.Certificate == credentials.Certificate)
            {
                if (_distrust is { } distrust)
                {
                    enrolment.Distrusted(distrust);
                }
                else if (failure.StatusCode == StatusCode.Unauthenticated)
                {
                    enrolment.Refused(failure.Status.Detail);
                }
            }

            throw;
        }
    }
}
