using System.Net;
using System.Text;

namespace EbpfPersonas.EndToEnd.Tests.Secrets;

/// <summary>Everywhere that somebody may put a token by mistake in a request.</summary>
internal sealed class Misuse(HttpClient http, string goodToken)
{
    private readonly StringBuilder _answers = new();

    /// <summary>All that was answered: statuses, headers and bodies.</summary>
    public string Answers => _answers.ToString();

    /// <summary>How many answers there were.</summary>
    public int Count { get; private set; }

    public async Task SendAllAsync(string token)
    {
        await AuthorizationsAsync(token);
        await AddressesAsync(token);
        await BodiesAsync(token);
        await HeadersAsync(token);
    }

    private async Task AuthorizationsAsync(string token)
    {
        foreach (var header in (string[])
        [
            token, $"Bearer {token} {token}", $"Bearer {token}x", $"Bearer {token[..^1]}", $"Bearer: {token}",
            $"Basic {token}", $"Token {token}", $"Bearer {token.ToUpperInvariant()}",
        ])
        {
            await SendAsync(HttpMethod.Get, "/api/v1/vms", header);
        }
    }

    private async Task AddressesAsync(string token)
    {
        await SendAsync(HttpMethod.Get, $"/api/v1/vms?token={token}", authorization: null);
        foreach (var path in (string[])
        [
            $"/{token}", $"/api/v1/vms?token={token}", $"/api/v1/vms?limit={token}", $"/api/v1/vms?cursor={token}",
            $"/api/v1/vms/{token}", $"/api/v1/vms/{token}/status", $"/api/v1/personas/{token}",
            $"/api/v1/personas/{token}/revisions/1", $"/metrics?x={token}", $"/api/v1/vms/%65{token[1..]}",
        ])
        {
            await SendAsync(HttpMethod.Get, path);
        }

        foreach (var path in (string[])
        [
            $"/api/v1/tokens/{token}", $"/api/v1/enrolment-tokens/{token}", $"/api/v1/vms/{token}",
            $"/api/v1/personas/{token}", $"/{token}",
        ])
        {
            await SendAsync(HttpMethod.Delete, path);
        }
    }

    private async Task BodiesAsync(string token)
    {
        var persona = $$$"""{"name":"p","network_profile":{"allowed_egress":[{"protocol":"{{{token}}}"}]}}""";
        var described = persona.Replace("protocol\":", "protocol\":\"tcp\",\"description\":", StringComparison.Ordinal);
        var cut = persona.Replace(token, token[..^30], StringComparison.Ordinal);
        foreach (var (method, path, body) in ((HttpMethod, string, string)[])
        [
            (HttpMethod.Put, "/api/v1/personas/p", $$$"""{"name":"{{{token}}}"}"""),
            (HttpMethod.Put, "/api/v1/personas/p", $$$"""{"name":"p","{{{token}}}":1}"""),
            (HttpMethod.Put, "/api/v1/personas/p", $$$"""{"name":"p","network_profile":{"{{{token}}}":{} } }"""),
            (HttpMethod.Put, "/api/v1/personas/p", persona),
            (HttpMethod.Put, "/api/v1/personas/p", described),
            (HttpMethod.Put, "/api/v1/personas/p", $$$"""{"name":"p",{{{token}}}"""),
            (HttpMethod.Put, $"/api/v1/personas/{token}", """{"name":"p"}"""),
            (HttpMethod.Post, "/api/v1/personas/validate", persona),
            (HttpMethod.Post, "/api/v1/personas/validate", cut),
            (HttpMethod.Put, "/api/v1/vms/vm-1/bindings", $$$"""{"personas":["{{{token}}}"]}"""),
            (HttpMethod.Put, $"/api/v1/vms/{token}/bindings", """{"personas":[]}"""),
            (HttpMethod.Post, "/api/v1/vms/vm-1/activations", $$$"""{"persona":"{{{token}}}"}"""),
            (HttpMethod.Post, "/api/v1/tokens", $$$"""{"name":"{{{token}}}","role":"viewer"}"""),
            (HttpMethod.Post, "/api/v1/tokens", $$$"""{"name":"ci","role":"{{{token}}}"}"""),
            (HttpMethod.Post, "/api/v1/enrolment-tokens", $$$"""{"vm_id":"{{{token}}}"}"""),
            (HttpMethod.Post, "/api/v1/enrolment-tokens", token),
        ])
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            await SendAsync(method, path, $"Bearer {goodToken}", content);
        }
    }

    private async Task HeadersAsync(string token)
    {
        foreach (var name in (string[])["If-Match", "If-None-Match", "Last-Event-ID", "User-Agent", "Cookie"])
        {
            using var request = Request(HttpMethod.Delete, "/api/v1/personas/none", $"Bearer {goodToken}");
            request.Headers.TryAddWithoutValidation(name, $"\"{token}\"");
            await KeepAsync(request);
        }
    }

    private Task SendAsync(HttpMethod method, string path) => SendAsync(method, path, $"Bearer {goodToken}");

    private async Task SendAsync(HttpMethod method, string path, string? authorization, HttpContent? content = null)
    {
        using var request = Request(method, path, authorization);
        request.Content = content;
        await KeepAsync(request);
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? authorization)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return request;
    }

    private async Task KeepAsync(HttpRequestMessage request)
    {
        using var answer = await http.SendAsync(request);
        Count++;
        // What is answered well shows no more; what is not must not be the controller's fault.
        if (answer.StatusCode >= HttpStatusCode.InternalServerError)
        {
            throw new HttpRequestException($"{request.Method} was answered {answer.StatusCode}");
        }

        _answers.Append((int)answer.StatusCode).Append('\n').Append(answer.Headers).Append(answer.Content.Headers)
            .Append(await answer.Content.ReadAsStringAsync()).Append('\n');
    }
}
