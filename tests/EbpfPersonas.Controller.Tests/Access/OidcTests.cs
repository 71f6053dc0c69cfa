using System.Net;
using System.Net.Http.Headers;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Tests.Identity;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

/// <summary>Callers that an issuer vouches for.</summary>
public sealed class OidcTests : OidcTest
{
    [Theory]
    [InlineData("viewer", HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("operator", HttpStatusCode.OK, HttpStatusCode.Created, HttpStatusCode.Forbidden)]
    [InlineData("admin", HttpStatusCode.OK, HttpStatusCode.Created, HttpStatusCode.OK)]
    public async Task Each_role_may_do_what_it_may_with_any_other_token(
        string role, HttpStatusCode read, HttpStatusCode write, HttpStatusCode administer)
    {
        foreach (var (tenant, token) in ((string, string)[])
        [
            ("default", Issuer.SignedByRsa(Issuer.Claims(role))),
            ("ec", Issuer.SignedByElliptic(Issuer.Claims(role, "ec"))),
            ("long", Issuer.SignedByRsa(Issuer.Claims(role, "long"), "RS512")),
        ])
        {
            using var http = Client(token);
            Assert.Equal(read, await AskAsync(token));
            using var put = await http.PutAsync(
                "/api/v1/personas/db", RunningController.Json(RunningController.Persona));
            Assert.Equal(write, put.StatusCode);
            Assert.Equal("subject alice", LastRecord.Actor);
            Assert.Equal(tenant, LastRecord.Tenant);
            Assert.Equal(administer, await AskAsync(token, "/api/v1/tokens"));
        }
    }

    [Fact]
    public async Task It_sees_its_own_tenant_alone_and_tokens_of_the_controller_count_beside_it()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        var other = Issuer.SignedByRsa(Issuer.Claims(tenant: "other"));

        Assert.Equal(
            HttpStatusCode.OK, await AskAsync(Issuer.SignedByRsa(Issuer.Claims()), "/api/v1/personas/db"));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(other, "/api/v1/personas/db"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("ebpfp_api_" + other));
    }

    [Fact]
    public async Task Claims_may_have_other_names()
    {
        await StartWithAsync(settings => settings with
        {
            Oidc = Issuer.Settings with { TenantClaim = "https://example.com/tenant", RoleClaim = "roles" },
        });
        var claims = Issuer.Claims(role: "root");
        claims["https://example.com/tenant"] = "other";
        claims["roles"] = "viewer";

        Assert.Equal(HttpStatusCode.OK, await AskAsync(Issuer.SignedByRsa(claims)));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Issuer.SignedByRsa(Issuer.Claims())));
    }

    [Fact]
    public async Task Clocks_may_be_half_a_minute_apart()
    {
        var (old, young) = (Issuer.Claims(), Issuer.Claims());
        old["exp"] = FakeIssuer.Seconds(-20);
        young["nbf"] = FakeIssuer.Seconds(20);

        Assert.Equal(HttpStatusCode.OK, await AskAsync(Issuer.SignedByRsa(old)));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Issuer.SignedByRsa(young)));
    }

    [Fact]
    public async Task A_subject_has_one_share_of_requests_whatever_tokens_it_has()
    {
        await StartWithAsync(settings => settings with { RequestsPerSecond = 5 });
        var statuses = await Task.WhenAll(Enumerable.Range(0, 60).Select(asked =>
        {
            var claims = Issuer.Claims("viewer");
            claims["jti"] = $"{asked}";
            return AskAsync(Issuer.SignedByElliptic(claims));
        }));

        Assert.Contains(HttpStatusCode.OK, statuses);
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Contains(
            AgentAudit.Read(Controller.StoreFile), record => record is
            { Actor: "subject alice", Result: "refused: 429" });
        Assert.Equal(
            HttpStatusCode.OK, await AskAsync(Issuer.SignedByElliptic(Issuer.Claims("viewer", subject: "bob"))));
    }

    [Fact]
    public async Task A_live_stream_ends_with_what_the_issuer_said()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        var claims = Issuer.Claims("viewer");
        claims["exp"] = FakeIssuer.Seconds(6 - (int)OidcAuthentication.ClockSkew.TotalSeconds);
        using var ending = await OpenAsync(Issuer.SignedByRsa(claims));
        using var lasting = await OpenAsync(Issuer.SignedByRsa(Issuer.Claims("viewer")));
        await agent.ExecAsync(42, "/usr/bin/mysql");

        Assert.Contains("mysql", await ReadToEndAsync(ending), StringComparison.Ordinal);

        var end = ReadToEndAsync(lasting);
        await agent.ExecAsync(43, "/usr/bin/mysql");
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.False(end.IsCompleted);
    }

    [Fact]
    public async Task While_nothing_was_heard_from_the_issuer_only_its_callers_are_refused()
    {
        await Issuer.StopAsync();
        var time = new FakeTime();
        await StartWithAsync(settings => settings, time);
        var good = Issuer.SignedByRsa(Issuer.Claims());
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(good));
        await Controller.GetAsync("/api/v1/vms");

        await Issuer.StartAgainAsync();
        // For a while it is not asked again.
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(good));
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(good));

        await Issuer.StopAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(good));
    }

    [Fact]
    public async Task An_issuer_whose_certificate_is_of_nobody_that_is_trusted_is_not_believed()
    {
        await StartWithAsync(settings => settings with { Oidc = Issuer.Settings with { AuthoritiesFile = null } });

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Issuer.SignedByRsa(Issuer.Claims())));
    }

    [Fact]
    public async Task An_issuer_that_says_that_it_is_another_is_not_believed()
    {
        Issuer.Name = "https://127.0.0.1:1";
        await StartWithAsync(settings => settings);
        var claims = Issuer.Claims();
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Issuer.SignedByRsa(claims)));
        claims["iss"] = Issuer.Name;
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Issuer.SignedByRsa(claims)));

        Issuer.Name = Issuer.Url + "/";
        await StartWithAsync(settings => settings);
        claims["iss"] = Issuer.Name;
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Issuer.SignedByRsa(claims)));
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_counts_without_a_restart()
    {
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Issuer.SignedByRsa(Issuer.Claims())));

        Issuer.ReplaceRsa();

        var statuses = new List<HttpStatusCode>();
        for (var asked = 0; asked < 10 && !statuses.Contains(HttpStatusCode.OK); asked++)
        {
            statuses.Add(await AskAsync(Issuer.SignedByRsa(Issuer.Claims())));
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        Assert.Contains(HttpStatusCode.OK, statuses);
    }

    private async Task<HttpResponseMessage> OpenAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/vms/vm-1/activity");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var answer = await Client(token).SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer;
    }

    private static Task<string> ReadToEndAsync(HttpResponseMessage answer) =>
        answer.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(15));
}
