using EbpfPersonas.Controller.Identity;
using Google.Protobuf;
using Grpc.Core;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>Where VMs come by their certificates.</summary>
internal sealed class EnrolmentEndpoint(
    Enrolment enrolment, Renewal renewal, AgentGate gate, CertificateAuthority authority)
    : V1.EnrolmentService.EnrolmentServiceBase
{
    /// <summary>A request for a certificate, and room for what stands around it. Anybody may send one.</summary>
    public const int MaxMessage = 2 * RequestedKey.MaxLength;

    public override async Task<V1.Credentials> Enrol(V1.EnrolRequest request, ServerCallContext context) =>
        Answer(await enrolment.EnrolAsync(
            request.TokenId, request.Secret.Memory, request.VmId, request.CertificateRequest.Memory,
            context.GetHttpContext().Connection.RemoteIpAddress));

    public override async Task<V1.Credentials> Renew(V1.RenewRequest request, ServerCallContext context) =>
        Answer(await renewal.RenewAsync(
            await gate.AdmitAsync(context, Renewal.Action), request.CertificateRequest.Memory,
            context.GetHttpContext().Connection.RemoteIpAddress));

    private V1.Credentials Answer(CertificateAnswer answer) => answer.Certificate is { } certificate
        ? new V1.Credentials
        {
            Certificate = ByteString.CopyFrom(certificate.Certificate.Span),
            Trust = TrustWriter.Write(authority.Current),
        }
        : throw new RpcException(new Status(
            answer.Outcome switch
            {
                CertificateOutcome.Invalid => StatusCode.InvalidArgument,
                CertificateOutcome.TooMany => StatusCode.ResourceExhausted,
                _ => StatusCode.Unauthenticated,
            },
            answer.Sentence));
}
