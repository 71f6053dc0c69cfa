using System.Buffers.Binary;
using System.Net;
using EbpfPersonas.TestKit.Agents;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Calls of gRPC as octets, over HTTP/2 and TLS: whatever stands in them.</summary>
internal sealed class RawCalls : IDisposable
{
    /// <summary>How long an answer may take; what takes longer hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    public RawCalls(string address, FakeIdentity identity) =>
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = identity.Tls() })
        {
            BaseAddress = new Uri(address),
            Timeout = Patience,
        };

    /// <summary>A message as it goes over the wire: whether it is compressed, its length, itself.</summary>
    public static byte[] Frame(byte[] message, byte compressed = 0, uint? length = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = compressed;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public async Task<GrpcAnswer> SendAsync(string method, byte[] body, string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/ebpf_personas.v1.{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/grpc") } },
        };
        request.Headers.TE.Add(new("trailers"));
        if (encoding is not null)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }

        using var answer = await _http.SendAsync(request);
        return await GrpcAnswer.ReadAsync(answer);
    }

    public void Dispose() => _http.Dispose();
}
