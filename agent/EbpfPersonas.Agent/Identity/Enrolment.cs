using System.Net;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Personas.Identity;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// How the VM comes by its first credentials, and by new ones where those that it has are expired or refused: with a
/// token that the operator puts on its disk. For one thread.
/// </summary>
internal sealed class Enrolment(
    AgentSettings settings,
    VmIdentity identity,
    TokenFile file,
    PendingKey pending,
    IdentityConditions conditions,
    TimeProvider time,
    ILogger<Enrolment> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private bool _isRefused;
    private string? _warnedOf;

    /// <summary>The token that the credentials came for which are in use, while they may not be on disk.</summary>
    private string? _unfinished;

    /// <summary>
    /// What to connect with, after an enrolment where it needs one. Null = there is nothing yet, and the conditions say
    /// why; to be asked again after a while.
    /// </summary>
    public async Task<VmCredentials?> ReadyAsync(IReadOnlyList<IPAddress> addresses, CancellationToken cancellation)
    {
        Finish();
        if (identity.Usable is { } usable && !(_isRefused && file.Exists))
        {
            return usable;
        }

        if (!file.Exists)
        {
            conditions.Set(AgentConditions.NotEnrolled, $"{Missing()} {Wanted()}");
            return null;
        }

        // Whatever comes of it, the credentials that were refused are tried again after it.
        _isRefused = false;
        if (await EnrolAsync(addresses, cancellation) is { } reason)
        {
            conditions.Set(AgentConditions.NotEnrolled, $"This VM could not enrol: {reason}");
            return null;
        }

        return identity.Usable;
    }

    /// <summary>The controller does not take the VM's credentials: a new token replaces them.</summary>
    public void Refused(string reason)
    {
        _isRefused = true;
        conditions.Set(
            AgentConditions.NotEnrolled, $"The controller refuses the certificate of this VM: {reason} {Wanted()}");
    }

    /// <summary>
    /// Whoever answers is none that the VM trusts. It may be a controller with another authority, of which a new token
    /// tells; an impostor gets no further with one.
    /// </summary>
    public void Distrusted(string problem)
    {
        _isRefused = true;
        conditions.Set(
            AgentConditions.NotEnrolled, $"{problem} If the controller has another authority: {Wanted()}");
    }

    /// <summary>The controller took them.</summary>
    public void Accepted()
    {
        _isRefused = false;
        conditions.Clear(AgentConditions.NotEnrolled);
    }

    /// <summary>Null = done; else why not.</summary>
    private async Task<string?> EnrolAsync(IReadOnlyList<IPAddress> addresses, CancellationToken cancellation)
    {
        try
        {
            var token = file.Read();
            if (file.IsReadByOthers && _warnedOf != token.Id)
            {
                _warnedOf = token.Id;
                Log.TokenReadByOthers(log, file.Path!);
            }

            using var key = pending.For(token.Id);
            _unfinished = null;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Patience);
            var trust = ControllerTrust.Of(token, time);
            using var channel = ControllerChannel.Create(settings.Controller, addresses, trust);
            V1.Credentials answer;
            try
            {
                answer = await new V1.EnrolmentService.EnrolmentServiceClient(channel).EnrolAsync(
                    new V1.EnrolRequest
                    {
                        TokenId = token.Id,
                        Secret = ByteString.CopyFrom(token.Secret.Span),
                        VmId = settings.VmId,
                        CertificateRequest = ByteString.CopyFrom(VmKey.Request(key)),
                    },
                    cancellationToken: patience.Token);
            }
            catch (RpcException failure) when (!cancellation.IsCancellationRequested)
            {
                return trust.Refusal ?? $"{failure.StatusCode}: {failure.Status.Detail}";
            }

            var credentials = CredentialsReader.Read(
                answer, key, settings.VmId, trust.Controller!, time.GetUtcNow());
            Require(credentials, token);
            identity.Replace(credentials);
            _unfinished = token.Id;
            Log.Enrolled(log, SpiffeId.Of(credentials.Certificate)!, token.Id, credentials.NotAfter);
            Finish();
            return null;
        }
        catch (FormatException wrong)
        {
            return $"{wrong.Message}.";
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }

    private static void Require(VmCredentials credentials, EnrolmentToken token)
    {
        if (!credentials.Authorities.Any(authority => KeyPin.Of(authority).AsSpan().SequenceEqual(token.Pin.Span)))
        {
            throw new FormatException("the authority that the enrolment token names is not among the authorities");
        }
    }

    /// <summary>
    /// Removes the token and the pending key of an enrolment whose credentials, or those that replaced them, are on
    /// disk; also where the agent before came no further. Until then a restart enrols again, with the same key, and
    /// gets the same certificate.
    /// </summary>
    private void Finish()
    {
        if (identity is { Current: { } current, IsKept: true }
            && (_unfinished ?? pending.TokenOf(current)) is { } tokenId)
        {
            if (file.Remove(tokenId) is { } reason)
            {
                Log.TokenNotRemoved(log, file.Path!, reason);
            }

            pending.Drop();
            _unfinished = null;
        }
    }

    private string Missing() => identity.Current is { } expired
        ? FormattableString.Invariant(
            $"The certificate of this VM expired at {expired.NotAfter:yyyy-MM-dd'T'HH:mm:ss'Z'}.")
        : "This VM has no certificate.";

    private string Wanted() => file.Path is { } path
        ? $"It needs an enrolment token in {path}."
        : "It needs an enrolment token, in a file that the setting enrolment_token_file names.";
}
