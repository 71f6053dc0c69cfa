using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace EbpfPersonas.TestKit.Deployment;

/// <summary>The controller's REST interface as a client sees it: documents in, JSON out.</summary>
public sealed class ControllerClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http;

    public ControllerClient(HttpClient http) => _http = http;

    /// <summary>Uploads a document byte for byte and returns the answer, which carries the warnings.</summary>
    public async Task<JsonNode> PutPersonaAsync(string name, byte[] document)
    {
        using var content = new ByteArrayContent(document);
        content.Headers.ContentType = new("application/json");
        using var answer = await _http.PutAsync($"/api/v1/personas/{name}", content);
        return await ReadAsync(answer);
    }

    public Task<JsonNode> PutPersonaAsync(string name, string document) =>
        PutPersonaAsync(name, Encoding.UTF8.GetBytes(document));

    /// <summary>Says which personas may become active on the VM, and which is in force without a trigger.</summary>
    public async Task BindAsync(string vm, string? defaultPersona, params string[] personas)
    {
        var body = new JsonObject
        {
            ["personas"] = new JsonArray([.. personas.Select(name => JsonValue.Create(name))]),
        };
        if (defaultPersona is not null)
        {
            body["default"] = defaultPersona;
        }

        using var content = Json(body);
        using var answer = await _http.PutAsync($"/api/v1/vms/{vm}/bindings", content);
        await ReadAsync(answer);
    }

    /// <summary>Makes a token that lets the VM in, once.</summary>
    public async Task<string> CreateEnrolmentTokenAsync(string vm)
    {
        using var content = Json(new JsonObject { ["vm_id"] = vm });
        using var answer = await _http.PostAsync("/api/v1/enrolment-tokens", content);
        return (string)(await ReadAsync(answer))["token"]!;
    }

    /// <summary>Pins a persona by hand.</summary>
    public async Task ActivateAsync(string vm, string persona)
    {
        using var content = Json(new JsonObject { ["persona"] = persona });
        using var answer = await _http.PostAsync($"/api/v1/vms/{vm}/activations", content);
        await ReadAsync(answer);
    }

    /// <summary>Takes the pin away.</summary>
    public async Task DeactivateAsync(string vm)
    {
        using var answer = await _http.DeleteAsync($"/api/v1/vms/{vm}/activations/current");
        await ReadAsync(answer);
    }

    public Task<JsonNode> StatusAsync(string vm) => GetAsync($"/api/v1/vms/{vm}/status");

    public Task<JsonNode> ActivationsAsync(string vm) => GetAsync($"/api/v1/vms/{vm}/activations");

    public Task<JsonNode> ActivityAsync(string vm) => GetAsync($"/api/v1/vms/{vm}/activity");

    public async Task DeleteAsync(string path)
    {
        using var answer = await _http.DeleteAsync(path);
        await ReadAsync(answer);
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(path);
        return await ReadAsync(answer);
    }

    /// <summary>Waits until the VM's kernel enforces this persona, or none, as the newest desired state.</summary>
    public async Task<TimeSpan> WaitUntilRealisedAsync(string vm, string? persona, TimeSpan? patience = null)
    {
        JsonNode? status = null;
        return await Eventually.TrueAsync(
            async () =>
            {
                status = await StatusAsync(vm);
                return (string?)status["phase"] == "Realized" && (string?)status["active_persona"] == persona &&
                    (string?)status["desired_persona"] == persona;
            },
            patience ?? Patience,
            () => $"{persona ?? "no persona"} is realised on {vm}; its status: {status?.ToJsonString()}");
    }

    private static StringContent Json(JsonObject body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException(
                $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.PathAndQuery}: " +
                $"{(int)answer.StatusCode} {text}", null, answer.StatusCode);
        }

        return answer.StatusCode == HttpStatusCode.NoContent || text.Length == 0
            ? new JsonObject()
            : JsonNode.Parse(text)!;
    }
}
