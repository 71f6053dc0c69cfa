using System.Net;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Hosting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

public sealed class RouteTests : ControllerTest
{
    /// <summary>Health probes, and what agents speak to by their certificates.</summary>
    private static readonly string[] Open = ["/healthz", "/readyz", "/ebpf_personas.v1."];

    [Fact]
    public void Every_route_says_who_may_call_it_and_only_probes_are_for_everybody()
    {
        var routes = Controller.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

        var naked = routes.Where(route => route.Metadata.GetMetadata<IAuthorizeData>() is not { Policy: not null })
            .Select(route => route.RoutePattern.RawText!);

        Assert.DoesNotContain(naked, path => !Open.Any(open => path.StartsWith(open, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_route_that_says_nothing_is_for_nobody()
    {
        var folder = Directory.CreateTempSubdirectory("ebpfp-naked-").FullName;
        var settings = new ControllerSettings
        {
            ApiListen = new ListenAddress(IPAddress.Loopback, 0),
            AgentsListen = Controller.AgentsListen,
            Store = Path.Combine(folder, "controller.db"),
        };
        await using (var app = ControllerApp.Build(settings))
        {
            app.MapGet("/naked", () => "hello");
            await ControllerApp.StartAsync(app);
            var issuer = app.Services.GetRequiredService<TokenIssuer>();
            var (_, token) = await issuer.CreateAsync(
                Tenants.Default, "a", Role.Admin, null, RunningController.EntryOfHost());
            using var http = new HttpClient { BaseAddress = new Uri(ControllerApp.Addresses(app).Api) };

            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/naked")).StatusCode);
            http.DefaultRequestHeaders.Authorization = new("Bearer", token.Reveal());
            Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync("/naked")).StatusCode);
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("/healthz", 200, 200)]
    [InlineData("/readyz", 200, 200)]
    [InlineData("/metrics", 401, 200)]
    [InlineData("/openapi/v1.json", 401, 200)]
    [InlineData("/reference", 401, 200)]
    [InlineData("/api/v1/nothing", 401, 404)]
    [InlineData("/", 401, 404)]
    public async Task Without_a_token_there_are_probes_and_nothing_else(string path, int without, int with)
    {
        using var anonymous = new HttpClient { BaseAddress = new Uri(Controller.ApiUrl) };
        using var viewer = await Controller.CallerAsync(Role.Viewer);

        Assert.Equal(without, (int)(await anonymous.GetAsync(path)).StatusCode);
        Assert.Equal(with, (int)(await viewer.GetAsync(path)).StatusCode);
    }
}
