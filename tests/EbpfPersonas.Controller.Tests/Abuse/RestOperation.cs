using System.Net;
using System.Net.Http.Headers;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>
/// An operation that takes a body, and a body of which no mutant can be stored: <paramref name="Body"/> is valid where
/// a condition or the store keeps it out, and else wrong in two places that no three small changes put right, the first
/// of them in a value that cannot be cut off.
/// </summary>
/// <param name="Method">PUT or POST.</param>
/// <param name="Path">Where it is sent.</param>
/// <param name="Body">What is mutated.</param>
/// <param name="Expected">The statuses that are right for a mutant.</param>
internal sealed record RestOperation(HttpMethod Method, string Path, string Body, params HttpStatusCode[] Expected)
{
    /// <summary>How long an answer may take; what takes longer hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string Slashes = new('/', 40);

    /// <summary>All operations that take a body.</summary>
    public static IReadOnlyList<RestOperation> All { get; } =
    [
        // If-Match names a revision that is not there, so that what stays valid goes as far as the store: 412.
        new(HttpMethod.Put, "/api/v1/personas/database_client",
            File.ReadAllText(RepositoryFiles.Case("seed", "persona.json")),
            HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity, HttpStatusCode.PreconditionFailed),
        // Stores nothing, and reports what is wrong in its answer.
        new(HttpMethod.Post, "/api/v1/personas/validate",
            File.ReadAllText(RepositoryFiles.Case("seed", "persona.json")), HttpStatusCode.OK),
        // There is no persona at all: only an empty list can be right, and that is what the VM has.
        new(HttpMethod.Put, "/api/v1/vms/vm-1/bindings", """{"personas":["db","web","cache"],"default":"db"}""",
            HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity, HttpStatusCode.OK),
        new(HttpMethod.Post, "/api/v1/vms/vm-1/activations", """{"persona":"db","ttl":"10m","reason":"a test"}""",
            HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity),
        new(HttpMethod.Post, "/api/v1/tokens", $$"""{"name":"{{Slashes}}","role":"{{Slashes}}","ttl":"1h"}""",
            HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity),
        new(HttpMethod.Post, "/api/v1/enrolment-tokens", $$"""{"ttl":"{{Slashes}}","vm_id":"{{Slashes}}"}""",
            HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity),
    ];

    /// <summary>Sends a body; gives what is wrong with the answer, or null.</summary>
    public async Task<string?> SendAsync(HttpClient http, byte[] body)
    {
        using var request = Request(RunningController.Json(body));
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            using var answer = await http.SendAsync(request, patience.Token);
            return Expected.Contains(answer.StatusCode)
                ? null
                : $"{this}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{Hex(body)}";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return $"{this}: {exception.GetType().Name} {exception.Message}\n{Hex(body)}";
        }
    }

    /// <summary>A request with that body, which cannot be stored as it is.</summary>
    public HttpRequestMessage Request(HttpContent content)
    {
        var request = new HttpRequestMessage(Method, Path) { Content = content };
        request.Headers.IfMatch.Add(new EntityTagHeaderValue("\"999999\""));
        return request;
    }

    public override string ToString() => $"{Method} {Path}";

    private static string Hex(byte[] body) => Convert.ToHexString(body.AsSpan(0, Math.Min(body.Length, 4096)));
}
