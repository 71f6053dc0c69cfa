using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Tests.Identity;
using EbpfPersonas.TestKit.Agents;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EbpfPersonas.Controller.Tests;

/// <summary>A whole controller: Kestrel on loopback, SQLite in a folder of its own.</summary>
internal sealed class RunningController : IAsyncDisposable
{
    public const string Persona =
        """{"name":"db","network_profile":{"allowed_egress":[{"protocol":"tcp","port":3306}]},""" +
        """ "activation_trigger":{"process_name":"mysql"}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-controller-").FullName;
    private readonly Dictionary<(string Tenant, Role Role), string> _tokens = [];
    private readonly Dictionary<string, FakeIdentity> _identities = new(StringComparer.Ordinal);
    private WebApplication? _app;
    private HttpClient? _http;

    /// <summary>An administrator of the tenant "default".</summary>
    public HttpClient Http => _http!;

    /// <summary>What the next start is told beside its addresses and its store.</summary>
    public Func<ControllerSettings, ControllerSettings> Settings { get; set; } =
        settings => settings with { RequestsPerSecond = 100_000 };

    /// <summary>The clock of the next start; the machine's where it is not set.</summary>
    public TimeProvider? Time { get; set; }

    /// <summary>What the next start has beside what a controller has.</summary>
    public Action<WebApplication> Extend { get; set; } = _ => { };

    public string StoreFile => Path.Combine(_folder, "controller.db");

    public ListenAddress AgentsListen { get; } = new(IPAddress.Loopback, 0, IsTls: true);
    /// <summary>How long certificates are good that are issued after the next start.</summary>
    public TimeSpan CertificateLifetime { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Everything that was audited of agents.</summary>
    public AgentAudit Audit => new(StoreFile);

    /// <summary>Where the controller keeps its authority.</summary>
    public string CaFolder => Path.Combine(_folder, "ca");

    public string AgentsUrl { get; private set; } = "";

    public string ApiUrl { get; private set; } = "";

    /// <summary>Starts with what else is set beside what every test has.</summary>
    public static async Task<RunningController> StartAsync(
        Func<ControllerSettings, ControllerSettings>? more = null)
    {
        var controller = new RunningController();
        if (more is not null)
        {
            var usual = controller.Settings;
            controller.Settings = settings => more(usual(settings));
        }

        await controller.StartAgainAsync();
        return controller;
    }

    /// <summary>Stops, and starts on the same store with what else is set from now on.</summary>
    public async Task RestartAsync(Func<ControllerSettings, ControllerSettings> more)
    {
        await StopAsync();
        var before = Settings;
        Settings = settings => more(before(settings));
        await StartAgainAsync();
    }

    /// <summary>Starts on the store that it had.</summary>
    public async Task StartAgainAsync()
    {
        var settings = new ControllerSettings
        {
            ApiListen = new ListenAddress(IPAddress.Loopback, 0),
            AgentsListen = AgentsListen,
            Store = StoreFile,
            CertificateLifetime = CertificateLifetime,
        };
        _app = ControllerApp.Build(Settings(settings), Time);
        Extend(_app);
        await ControllerApp.StartAsync(_app);
        (ApiUrl, AgentsUrl) = ControllerApp.Addresses(_app);
        _http = await CallerAsync(Role.Admin);
    }

    /// <summary>A client with a token of its role, made when it is first asked for.</summary>
    public async Task<HttpClient> CallerAsync(Role role, string tenant = Tenants.Default)
    {
        if (!_tokens.TryGetValue((tenant, role), out var token))
        {
            token = await TokenAsync(role, tenant);
            _tokens[(tenant, role)] = token;
        }

        var http = new HttpClient { BaseAddress = new Uri(ApiUrl) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return http;
    }

    /// <summary>A new token, as the command line on the controller's host makes it.</summary>
    public async Task<string> TokenAsync(Role role, string tenant = Tenants.Default, TimeSpan? ttl = null)
    {
        var issuer = Get<TokenIssuer>();
        return (await issuer.CreateAsync(tenant, "test", role, ttl, EntryOfHost(tenant))).Token.Reveal();
    }

    /// <summary>A record of the controller's own host.</summary>
    public static AuditEntry EntryOfHost(string tenant = Tenants.Default) => new()
    {
        Tenant = tenant,
        Actor = "host",
        Action = "Test",
        Target = "test",
        Source = "host",
    };

    public async Task StopAsync()
    {
        _http?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
            _app = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A part of the controller.</summary>
    public T Get<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    /// <summary>What a VM shows; where it has nothing good yet, it is enrolled.</summary>
    public async Task<FakeIdentity> IdentityAsync(string vmId)
    {
        var now = Get<TimeProvider>().GetUtcNow();
        var issued = await Get<IIdentityStore>().ListCertificatesAsync(new VmKey(TestEnrolment.Tenant, vmId));
        if (!_identities.TryGetValue(vmId, out var identity) || identity.Certificate!.NotAfter <= now
            || issued.All(certificate => certificate.Revoked is not null))
        {
            identity = await TestEnrolment.EnrolAsync(
                Get<CertificateAuthority>(), Get<CertificateIssuer>(), Get<IIdentityStore>(),
                new VmKey(TestEnrolment.Tenant, vmId), now);
            _identities[vmId] = identity;
        }

        return identity;
    }

    public async Task<FakeAgent> AgentAsync(string vmId, params Protos.V1.ProcessStarted[] running) =>
        await FakeAgent.StartAsync(AgentsUrl, await IdentityAsync(vmId), running);

    /// <summary>An agent that has not said yet what runs on it.</summary>
    public async Task<FakeAgent> ConnectAsync(
        string vmId, Protos.V1.RealisedState? realised = null, IReadOnlyList<string>? capabilities = null) =>
        await FakeAgent.ConnectAsync(AgentsUrl, await IdentityAsync(vmId), realised, capabilities);

    public static HttpContent Json(string json) => Json(Encoding.UTF8.GetBytes(json));

    public static HttpContent Json(byte[] json)
    {
        var content = new ByteArrayContent(json);
        content.Headers.ContentType = new("application/json");
        return content;
    }

    /// <summary>PUTs a persona, whose name is read from the text, and expects success.</summary>
    public async Task<JsonNode> PutPersonaAsync(string json)
    {
        var name = (string)JsonNode.Parse(json)!["name"]!;
        using var answer = await Http.PutAsync($"/api/v1/personas/{name}", Json(json));
        return await SuccessAsync(answer);
    }

    public async Task<JsonNode> BindAsync(string vm, string personas, string? fallback = null)
    {
        var members = fallback is null ? "" : $",\"default\":\"{fallback}\"";
        using var answer = await Http.PutAsync(
            $"/api/v1/vms/{vm}/bindings", Json($"{{\"personas\":{personas}{members}}}"));
        return await SuccessAsync(answer);
    }

    public async Task<JsonNode> ActivateAsync(string vm, string body)
    {
        using var answer = await Http.PostAsync($"/api/v1/vms/{vm}/activations", Json(body));
        return await SuccessAsync(answer);
    }

    public async Task<HttpResponseMessage> DeactivateAsync(string vm) =>
        await Http.DeleteAsync($"/api/v1/vms/{vm}/activations/current");

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(path);
        return await SuccessAsync(answer);
    }

    public Task<JsonNode> StatusAsync(string vm) => GetAsync($"/api/v1/vms/{vm}/status");

    /// <summary>Waits for a phase.</summary>
    public Task<JsonNode> WaitForPhaseAsync(string vm, string phase) =>
        WaitForAsync(vm, status => (string?)status["phase"] == phase);

    public async Task<JsonNode> WaitForAsync(string vm, Func<JsonNode, bool> condition)
    {
        JsonNode? status = null;
        for (var i = 0; i < 200; i++)
        {
            status = await StatusAsync(vm);
            if (condition(status))
            {
                return status;
            }

            await Task.Delay(25);
        }

        Assert.Fail($"The condition did not come true: {status}");
        return status!;
    }

    /// <summary>Waits for a VM that may not be known yet.</summary>
    public async Task<JsonNode> WaitForVmAsync(string vm, Func<JsonNode, bool> condition)
    {
        for (var i = 0; i < 200 && !Get<PersonaManager>().TryFind(new VmKey(Tenants.Default, vm), out _); i++)
        {
            await Task.Delay(25);
        }

        return await WaitForAsync(vm, condition);
    }

    public static async Task<JsonNode> SuccessAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Checks that an answer is problem+json and gives its body.</summary>
    public static async Task<JsonNode> ProblemAsync(HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!;
        Assert.Equal(status, (int)problem["status"]!);
        Assert.StartsWith("urn:ebpf-personas:problem:", (string)problem["type"]!, StringComparison.Ordinal);
        Assert.NotEmpty((string)problem["title"]!);
        Assert.NotEmpty((string)problem["detail"]!);
        Assert.NotNull(problem["errors"]);
        return problem;
    }

    public static string[] Errors(JsonNode problem) =>
        [.. problem["errors"]!.AsArray().Select(error => $"{error!["pointer"]} {error["code"]}")];
}
