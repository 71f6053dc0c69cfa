using System.Net;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Tests.Identity;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

/// <summary>A test against a controller that takes the word of an issuer of its own.</summary>
public abstract class OidcTest : IAsyncLifetime
{
    private protected FakeIssuer Issuer { get; private set; } = null!;

    private protected RunningController Controller { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Issuer = await FakeIssuer.StartAsync();
        Controller = await RunningController.StartAsync(settings => settings with { Oidc = Issuer.Settings });
    }

    public async Task DisposeAsync()
    {
        await Controller.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    /// <summary>Starts the controller anew, with the issuer and what else is set.</summary>
    private protected async Task StartWithAsync(
        Func<ControllerSettings, ControllerSettings> more, TimeProvider? time = null)
    {
        await Controller.StopAsync();
        Controller.Time = time;
        Controller.Settings = settings =>
            more(settings with { RequestsPerSecond = 100_000, Oidc = Issuer.Settings });
        await Controller.StartAgainAsync();
    }

    private protected HttpClient Client(string token)
    {
        var http = new HttpClient { BaseAddress = new Uri(Controller.ApiUrl) };
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return http;
    }

    private protected async Task<HttpStatusCode> AskAsync(string token, string path = "/api/v1/vms")
    {
        using var http = Client(token);
        using var answer = await http.GetAsync(path);
        return answer.StatusCode;
    }

    private protected AuditRecord LastRecord => AgentAudit.Read(Controller.StoreFile)[^1];
}
