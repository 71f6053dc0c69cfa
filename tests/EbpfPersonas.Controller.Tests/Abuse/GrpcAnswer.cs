using System.Globalization;
using Grpc.Core;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>What came back: the status of HTTP, and that of gRPC with its sentence where there is one.</summary>
internal sealed record GrpcAnswer(int Http, StatusCode? Status, string Sentence)
{
    public static async Task<GrpcAnswer> ReadAsync(HttpResponseMessage answer)
    {
        // The trailers come behind the body.
        _ = await answer.Content.ReadAsByteArrayAsync();
        string? Value(string name) =>
            answer.TrailingHeaders.TryGetValues(name, out var trailer) ? trailer.Single()
            : answer.Headers.TryGetValues(name, out var header) ? header.Single() : null;
        return new GrpcAnswer(
            (int)answer.StatusCode,
            Value("grpc-status") is { } status ? (StatusCode)int.Parse(status, CultureInfo.InvariantCulture) : null,
            Uri.UnescapeDataString(Value("grpc-message") ?? ""));
    }
}
