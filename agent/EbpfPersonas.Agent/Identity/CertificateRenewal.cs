using System.Security.Cryptography;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// Asks for a new certificate, with a new key, long before the one that there is expires. When that is, the wall clock
/// says, which is looked at often: it may jump.
/// </summary>
internal sealed class CertificateRenewal(
    AgentSettings settings,
    ControllerLocator locator,
    VmIdentity identity,
    IdentityConditions conditions,
    Action renewed,
    TimeProvider time,
    ILogger<CertificateRenewal> log) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MostBackoff = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _changed = new(0);
    private ReconnectBackoff? _backoff;
    private ECDsa? _key;
    private long? _renewed;

    /// <inheritdoc/>
    public override void Dispose()
    {
        identity.Changed -= Wake;
        _changed.Dispose();
        DropKey();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        identity.Changed += Wake;
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            await _changed.WaitAsync(await LookAsync(stoppingToken), stoppingToken);
        }
    }

    private void Wake() => _changed.Release();

    /// <summary>How long to wait before the next look.</summary>
    private async Task<TimeSpan> LookAsync(CancellationToken stopping)
    {
        if (!identity.IsKept)
        {
            identity.KeepAgain();
        }

        if (identity.Usable is not { } credentials)
        {
            // The link enrols anew.
            return LookInterval;
        }

        var left = credentials.RenewalDue - time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            _backoff = null;
            conditions.Clear(AgentConditions.CertificateNotRenewed);
            return Clamp(Least(left, credentials.Lifetime / 20), LookInterval);
        }

        // By a clock that is ahead every new one is due already.
        if (_renewed is { } renewed && time.GetElapsedTime(renewed) < credentials.Lifetime / 20)
        {
            return Clamp(credentials.Lifetime / 20, LookInterval);
        }

        if (await RenewAsync(credentials, stopping) is not { } reason)
        {
            return TimeSpan.Zero;
        }

        conditions.Set(AgentConditions.CertificateNotRenewed, FormattableString.Invariant(
            $"The certificate of this VM, good until {credentials.NotAfter:yyyy-MM-dd'T'HH:mm:ss'Z'}, could not be ")
            + $"renewed: {reason}");
        _backoff ??= new ReconnectBackoff(
            Random.Shared, Clamp(credentials.Lifetime / 50, MostBackoff));
        return _backoff.Next();
    }

    /// <summary>Null = done; else why not.</summary>
    private async Task<string?> RenewAsync(VmCredentials credentials, CancellationToken stopping)
    {
        var trust = ControllerTrust.Of(credentials, time);
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            patience.CancelAfter(Patience);
            // Until there is an answer it stays the same: the controller answers with the same certificate then.
            var key = _key ??= VmKey.Create();
            using var channel = ControllerChannel.Create(
                settings.Controller, await locator.LocateAsync(patience.Token), trust);
            var answer = await new V1.EnrolmentService.EnrolmentServiceClient(channel).RenewAsync(
                new V1.RenewRequest { CertificateRequest = ByteString.CopyFrom(VmKey.Request(key)) },
                cancellationToken: patience.Token);
            var fresh = CredentialsReader.Read(answer, key, settings.VmId, trust.Controller!, time.GetUtcNow());
            if (fresh.NotAfter <= credentials.NotAfter)
            {
                throw new FormatException("the new certificate does not last longer");
            }

            identity.Replace(fresh);
            _renewed = time.GetTimestamp();
            DropKey();
            Log.Renewed(log, fresh.NotAfter);
            renewed();
            return null;
        }
        catch (RpcException failure)
        {
            return trust.Refusal ?? $"{failure.StatusCode}: {failure.Status.Detail}";
        }
        catch (FormatException wrong)
        {
            DropKey();
            return $"{wrong.Message}.";
        }
        // It is tried again whatever happened.
#pragma warning disable CA1031
        catch (Exception fault) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return fault.Message;
        }
    }

    private void DropKey()
    {
        _key?.Dispose();
        _key = null;
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Clamp(TimeSpan wait, TimeSpan most) =>
        wait < LeastInterval ? LeastInterval : Least(wait, most);
}
