using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Identity;
using Google.Protobuf;
using Grpc.Core;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>
/// The part of a controller that gives certificates: to everybody, for every token, unless the test says otherwise.
/// </summary>
internal sealed class FakeEnrolment(TestAuthority authority)
{
    private readonly ConcurrentQueue<EnrolRequest> _enrolments = new();
    private readonly ConcurrentQueue<(X509Certificate2 Presented, CertificateRequest Request)> _renewals = new();

    /// <summary>Of the certificates that it gives.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What becomes of an answer on its way; may throw <see cref="RpcException"/>.</summary>
    public Func<Credentials, Credentials> OnItsWay { get; set; } = answer => answer;

    public IReadOnlyList<EnrolRequest> Enrolments => [.. _enrolments];

    /// <summary>Who asked, and for what.</summary>
    public IReadOnlyList<(X509Certificate2 Presented, CertificateRequest Request)> Renewals => [.. _renewals];

    public static TrustBundle Bundle(IEnumerable<byte[]> authorities) => new()
    {
        Authorities = { authorities.Select(authority => ByteString.CopyFrom(authority)) },
    };

    /// <summary>Reads a request, whose signature must be good.</summary>
    public static CertificateRequest Read(ByteString request) => CertificateRequest.LoadSigningRequest(
        request.ToByteArray(), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);

    private Credentials Answer(PublicKey key, string uri)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = authority.Sign(key, new CertificateOrder
        {
            Usage = CertificateOrder.ForClients,
            UriNames = [uri],
            NotBefore = now - (Lifetime / 10),
            NotAfter = now + Lifetime,
        });
        return OnItsWay(new Credentials
        {
            Certificate = ByteString.CopyFrom(certificate.RawData),
            Trust = Bundle([authority.Certificate.RawData]),
        });
    }

    internal sealed class Service(FakeEnrolment enrolment) : EnrolmentService.EnrolmentServiceBase
    {
        public override Task<Credentials> Enrol(EnrolRequest request, ServerCallContext context)
        {
            enrolment._enrolments.Enqueue(request);
            return Task.FromResult(enrolment.Answer(
                Read(request.CertificateRequest).PublicKey, CertificateOrder.Vm(request.VmId).UriNames[0]));
        }

        public override Task<Credentials> Renew(RenewRequest request, ServerCallContext context)
        {
            var presented = context.GetHttpContext().Connection.ClientCertificate
                ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "no certificate"));
            var read = Read(request.CertificateRequest);
            enrolment._renewals.Enqueue((X509CertificateLoader.LoadCertificate(presented.RawDataMemory.Span), read));
            return Task.FromResult(enrolment.Answer(read.PublicKey, Personas.Identity.SpiffeId.Of(presented)!));
        }
    }
}
