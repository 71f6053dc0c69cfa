using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>The API by https, as it is served beyond this machine; and handshakes that do not come.</summary>
public sealed class ApiTlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-tls-").FullName;

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_client_that_trusts_the_authority_is_served_by_name_and_address()
    {
        var settings = new ControllerSettings
        {
            ApiListen = new ListenAddress(IPAddress.Loopback, 0, IsTls: true),
            AgentsListen = new ListenAddress(IPAddress.Loopback, 0, IsTls: true),
            Store = Path.Combine(_folder, "controller.db"),
        };
        await using var app = ControllerApp.Build(settings);
        await ControllerApp.StartAsync(app);
        var (api, _) = ControllerApp.Addresses(app);
        Assert.StartsWith("https://", api, StringComparison.Ordinal);
        var trusted = app.Services.GetRequiredService<CertificateAuthority>().Current.Certificates;
        using var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                CertificateChainPolicy = new()
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { trusted[0] },
                },
            },
        };
        using var http = new HttpClient(handler);

        foreach (var host in (string[])["127.0.0.1", "localhost"])
        {
            var address = new UriBuilder(api) { Host = host, Path = "/healthz" }.Uri;
            Assert.Equal("ok\n", await http.GetStringAsync(address));
        }

        // The machine's own authorities do not vouch for it.
        using var stranger = new HttpClient();
        var failed = await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetAsync(new Uri(api + "/healthz")));
        Assert.IsType<AuthenticationException>(failed.InnerException);

        await app.StopAsync();
    }
}
