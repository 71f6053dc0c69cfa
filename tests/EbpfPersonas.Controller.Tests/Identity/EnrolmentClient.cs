using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;
using EbpfPersonas.Protos.V1;
using Google.Protobuf;
using Grpc.Net.Client;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>A VM that enrols: over a connection of its own, to whoever has the key of the token's pin.</summary>
internal sealed class EnrolmentClient : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly EnrolmentService.EnrolmentServiceClient _service;

    public EnrolmentClient(string address, ReadOnlyMemory<byte> pin)
    {
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                        CertificateCheck.ProblemOfPinned(
                            (X509Certificate2)certificate!, chain!.ChainPolicy.ExtraStore, pin.Span,
                            TimeProvider.System.GetUtcNow()) is null,
                },
            },
        });
        _service = new EnrolmentService.EnrolmentServiceClient(_channel);
    }

    /// <summary>A token for a VM, made in the controller.</summary>
    public static async Task<EnrolmentToken> TokenAsync(
        RunningController controller, string vmId = "vm-1", TimeSpan? lifetime = null) =>
        (await controller.Get<EnrolmentTokens>().CreateAsync(
            new VmKey(TestEnrolment.Tenant, vmId), lifetime ?? TimeSpan.FromHours(1), "test", audit: null)).Token;

    public async Task<Credentials> EnrolAsync(
        EnrolmentToken token, byte[] request, string vmId = "vm-1", byte[]? secret = null) =>
        await _service.EnrolAsync(new EnrolRequest
        {
            TokenId = token.Id,
            Secret = ByteString.CopyFrom(secret ?? token.Secret.Span),
            VmId = vmId,
            CertificateRequest = ByteString.CopyFrom(request),
        });

    public void Dispose() => _channel.Dispose();
}
