using System.Net.Sockets;
using System.Security.Cryptography;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Identity;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using Google.Protobuf;
using Grpc.Core;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>
/// Asks the controller over a connection of its own: one that is there already may outlive rules that allow no other.
/// </summary>
internal sealed class ControllerProbe(
    AgentSettings settings, ControllerLocator locator, VmIdentity identity, TimeProvider time)
{
    private const int NonceLength = 16;

    /// <summary>
    /// Whether the controller answered within <paramref name="limit"/>; null = it did, else why not, for people.
    /// </summary>
    public async Task<string?> AskAsync(RealisedState inForce, TimeSpan limit, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(inForce);
        if (identity.Usable is not { } credentials)
        {
            return "This VM has no certificate that is good.";
        }

        var trust = ControllerTrust.Of(credentials, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        try
        {
            var addresses = await locator.LocateAsync(patience.Token);
            using var channel = ControllerChannel.Create(settings.Controller, addresses, trust);
            return await AskAsync(new V1.AgentService.AgentServiceClient(channel), inForce, patience.Token);
        }
        catch (RpcException failure) when (!cancellation.IsCancellationRequested)
        {
            return trust.Refusal ?? $"{failure.StatusCode}: {failure.Status.Detail}";
        }
        catch (Exception failure) when (
            failure is OperationCanceledException or SocketException && !cancellation.IsCancellationRequested)
        {
            return failure.Message;
        }
    }

    /// <summary>Asks over a connection that is given; throws <see cref="RpcException"/>.</summary>
    internal static async Task<string?> AskAsync(
        V1.AgentService.AgentServiceClient client, RealisedState inForce, CancellationToken cancellation)
    {
        var nonce = RandomNumberGenerator.GetBytes(NonceLength);
        var answer = await client.ConfirmAsync(
            new V1.ConfirmRequest
            {
                Nonce = ByteString.CopyFrom(nonce),
                Persona = inForce.Persona ?? "",
                Revision = inForce.Revision,
                Epoch = inForce.Epoch,
            },
            cancellationToken: cancellation);
        return answer.Nonce.Span.SequenceEqual(nonce) ? null : "The answer belongs to another question.";
    }
}
