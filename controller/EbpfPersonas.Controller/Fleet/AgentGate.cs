using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Identity;
using Grpc.Core;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// Lets in whoever shows a VM's good client certificate; refuses others in a sentence, and records that.
/// </summary>
internal sealed class AgentGate(VmAuthentication authentication, LimitedAudit audit)
{
    /// <summary>Who calls; throws UNAUTHENTICATED, or RESOURCE_EXHAUSTED after too many of these.</summary>
    public async Task<VmCredential> AdmitAsync(ServerCallContext context, string action)
    {
        ArgumentNullException.ThrowIfNull(context);
        var connection = context.GetHttpContext().Connection;
        var judged = await authentication.JudgeAsync(CertificateOf(connection));
        if (judged.Credential is { } credential)
        {
            return credential;
        }

        var claimed = judged.Claimed;
        var isRecorded = await audit.RecordAsync(new AuditEntry
        {
            // What stands in a certificate that nobody vouches for does not get into a tenant's audit.
            Tenant = judged.IsProven ? claimed?.Tenant : null,
            Actor = judged.IsProven ? $"vm {claimed?.Id}" : AuditEntry.Stranger,
            Action = action,
            Target = claimed?.ToString() ?? "",
            Source = connection.RemoteIpAddress?.ToString() ?? "",
            Result = $"refused: {judged.Refusal}",
        });
        throw new RpcException(isRecorded
            ? new Status(StatusCode.Unauthenticated, judged.Refusal)
            : new Status(StatusCode.ResourceExhausted, CertificateAnswer.TooManyFailures.Sentence));
    }

    private static X509Certificate2? CertificateOf(ConnectionInfo connection)
    {
        try
        {
            return connection.ClientCertificate;
        }
        catch (ObjectDisposedException)
        {
            // Who opens calls and goes away at once is no failure that the log should hear of each time.
            throw new RpcException(new Status(StatusCode.Cancelled, "The connection is gone."));
        }
    }
}
