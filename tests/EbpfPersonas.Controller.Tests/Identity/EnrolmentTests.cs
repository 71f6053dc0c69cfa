using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;
using EbpfPersonas.TestKit.Agents;
using Grpc.Core;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>Enrolment over the wire, by those who may and those who may not.</summary>
public sealed class EnrolmentTests : ControllerTest
{
    public static TheoryData<string> BadRequests => [.. SigningRequests.Bad.Keys];

    private IIdentityStore Store => Controller.Get<IIdentityStore>();

    [Fact]
    public async Task A_token_gives_a_certificate_that_says_who_the_VM_is_and_nothing_else()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var client = new EnrolmentClient(Controller.AgentsUrl, token.Pin);
        using var key = SigningRequests.NewKey();

        var credentials = await client.EnrolAsync(token, SigningRequests.Of(key));

        using var certificate = X509CertificateLoader.LoadCertificate(credentials.Certificate.Span);
        X509Certificate2Collection trusted =
            [.. credentials.Trust.Authorities.Select(one => X509CertificateLoader.LoadCertificate(one.Span))];
        var now = TimeProvider.System.GetUtcNow();
        Assert.Null(
            CertificateCheck.Problem(certificate, trusted, CertificateCheck.ClientAuthentication, now));
        Assert.NotNull(
            CertificateCheck.Problem(certificate, trusted, CertificateCheck.ServerAuthentication, now));
        Assert.Equal("spiffe://ebpf-personas/tenants/default/vms/vm-1", SpiffeId.Of(certificate));
        Assert.Equal("CN=vm-1", certificate.Subject);
        Assert.Equal(16, certificate.SerialNumberBytes.Length);
        Assert.InRange(
            certificate.NotAfter - certificate.NotBefore, TimeSpan.FromDays(1),
            TimeSpan.FromDays(1) + TimeSpan.FromMinutes(6));
        Assert.Equal(
            ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37"],
            certificate.Extensions.Select(extension => extension.Oid!.Value!).Order(StringComparer.Ordinal));
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.Equal((true, X509KeyUsageFlags.DigitalSignature), (usage.Critical, usage.KeyUsages));
        var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.Equal((true, false), (constraints.Critical, constraints.CertificateAuthority));

        var entry = Assert.Single(Controller.Audit.Entries);
        Assert.Equal(
            ("default", "vm vm-1", "Enrol", "default/vm-1", "ok"),
            (entry.Tenant, entry.Actor, entry.Action, entry.Target, entry.Result));
    }

    [Fact]
    public async Task What_was_enrolled_connects()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var client = new EnrolmentClient(Controller.AgentsUrl, token.Pin);
        using var key = SigningRequests.NewKey();
        var credentials = await client.EnrolAsync(token, SigningRequests.Of(key));

        await using var agent = await FakeAgent.StartAsync(
            Controller.AgentsUrl,
            TestEnrolment.Show(Controller.Get<CertificateAuthority>(), credentials.Certificate.Span, key));

        await Controller.WaitForAsync("vm-1", status => (bool)status["connected"]!);
    }

    [Fact]
    public async Task The_same_key_asked_for_again_gets_the_same_certificate()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var client = new EnrolmentClient(Controller.AgentsUrl, token.Pin);
        using var key = SigningRequests.NewKey();

        var first = await client.EnrolAsync(token, SigningRequests.Of(key));
        var second = await client.EnrolAsync(token, SigningRequests.Of(key));

        Assert.Equal(first.Certificate, second.Certificate);
        Assert.Single(await CertificatesAsync());
        Assert.Equal(["ok", "ok: the same certificate again"], Controller.Audit.Results("Enrol"));
    }

    [Fact]
    public async Task After_a_revocation_the_same_key_gets_it_no_more()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var client = new EnrolmentClient(Controller.AgentsUrl, token.Pin);
        using var key = SigningRequests.NewKey();
        await client.EnrolAsync(token, SigningRequests.Of(key));
        await Store.RevokeCertificatesAsync(new VmKey("default", "vm-1"), TimeProvider.System.GetUtcNow(), null);

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.EnrolAsync(token, SigningRequests.Of(key)));

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public async Task All_refusals_look_the_same_and_the_audit_tells_them_apart()
    {
        var used = await EnrolmentClient.TokenAsync(Controller);
        var good = await EnrolmentClient.TokenAsync(Controller);
        var over = await EnrolmentClient.TokenAsync(Controller, lifetime: TimeSpan.FromMilliseconds(1));
        var unknown = new EnrolmentToken("0123456789abcdef", good.Secret, good.Pin);
        using var client = new EnrolmentClient(Controller.AgentsUrl, good.Pin);
        using var key = SigningRequests.NewKey();
        await client.EnrolAsync(used, SigningRequests.Of(key));
        await Task.Delay(10);

        (EnrolmentToken Token, string VmId, byte[]? Secret, string Why)[] attempts =
        [
            (used, "vm-1", null, "token used"),
            (over, "vm-1", null, "token expired"),
            (good, "vm-2", null, "other VM"),
            (good, "VM-1", null, "other VM"),
            (good, "vm-1", new byte[32], "wrong secret"),
            (good, "vm-1", [], "wrong secret"),
            (good, "vm-1", used.Secret.ToArray(), "wrong secret"),
            (unknown, "vm-1", null, "no such token"),
        ];
        var statuses = new List<Status>();
        foreach (var (token, vmId, secret, _) in attempts)
        {
            using var other = SigningRequests.NewKey();
            statuses.Add((await Assert.ThrowsAsync<RpcException>(
                () => client.EnrolAsync(token, SigningRequests.Of(other), vmId, secret))).Status);
        }

        Assert.Equal(StatusCode.Unauthenticated, statuses[0].StatusCode);
        Assert.All(statuses, status => Assert.Equal(
            (statuses[0].StatusCode, statuses[0].Detail), (status.StatusCode, status.Detail)));
        Assert.Equal(
            attempts.Select(attempt => $"refused: {attempt.Why}"), Controller.Audit.Results("Enrol").Skip(1));
        Assert.Single(await CertificatesAsync());
        Assert.Null((await Store.FindTokenAsync(good.Id))!.Used);
        Assert.Null((await Store.FindTokenAsync(over.Id))!.Used);
        await client.EnrolAsync(good, SigningRequests.Of(key));
    }

    [Fact]
    public async Task A_hundred_wrong_secrets_are_twenty_records_and_do_not_hold_up_the_right_one()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var client = new EnrolmentClient(Controller.AgentsUrl, token.Pin);
        using var key = SigningRequests.NewKey();
        var request = SigningRequests.Of(key);

        var codes = new List<StatusCode>();
        for (var i = 0; i < 100; i++)
        {
            codes.Add((await Assert.ThrowsAsync<RpcException>(
                () => client.EnrolAsync(token, request, secret: RandomNumberGenerator.GetBytes(32)))).StatusCode);
        }

        Assert.All(codes.Take(RecordCounts.Max), code => Assert.Equal(StatusCode.Unauthenticated, code));
        Assert.All(codes.Skip(RecordCounts.Max), code => Assert.Equal(StatusCode.ResourceExhausted, code));
        Assert.Equal(RecordCounts.Max, Controller.Audit.Entries.Count);
        await client.EnrolAsync(token, request);

        // What was only counted is recorded at the latest when the controller stops.
        await Controller.StopAsync();
        Assert.Equal("refused: 80 more than 20 within a minute", Controller.Audit.Entries[^1].Result);
    }

    [Fact]
    public async Task Of_fifty_that_race_for_one_token_exactly_one_wins()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var start = new SemaphoreSlim(0);

        var racing = Enumerable.Range(0, 50).Select(async _ =>
        {
            using var client = new EnrolmentClient(Controller.AgentsUrl, token.Pin);
            using var key = SigningRequests.NewKey();
            var request = SigningRequests.Of(key);
            await start.WaitAsync();
            try
            {
                await client.EnrolAsync(token, request);
                return StatusCode.OK;
            }
            catch (RpcException refused)
            {
                return refused.StatusCode;
            }
        }).ToArray();
        start.Release(50);
        var codes = await Task.WhenAll(racing);

        Assert.Single(codes, StatusCode.OK);
        Assert.All(
            codes.Where(code => code != StatusCode.OK),
            code => Assert.Contains(code, (StatusCode[])[StatusCode.Unauthenticated, StatusCode.ResourceExhausted]));
        Assert.Single(await CertificatesAsync());
    }

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_request_is_refused_and_changes_nothing_that_has(string what)
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var client = new EnrolmentClient(Controller.AgentsUrl, token.Pin);

        var refused = await Assert.ThrowsAsync<RpcException>(
            () => client.EnrolAsync(token, SigningRequests.Bad[what]()));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.StartsWith("refused: ", Assert.Single(Controller.Audit.Results("Enrol")), StringComparison.Ordinal);
        Assert.Empty(await CertificatesAsync());
        using var key = SigningRequests.NewKey();
        await client.EnrolAsync(token, SigningRequests.Of(key));
    }

    [Fact]
    public async Task A_token_of_another_authority_sends_nothing_to_this_controller()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        using var client = new EnrolmentClient(Controller.AgentsUrl, new byte[KeyPin.Length]);
        using var key = SigningRequests.NewKey();

        var failed = await Assert.ThrowsAsync<RpcException>(() => client.EnrolAsync(token, SigningRequests.Of(key)));

        Assert.NotEqual(StatusCode.Unauthenticated, failed.StatusCode);
        Assert.Empty(Controller.Audit.Entries);
        Assert.Null((await Store.FindTokenAsync(token.Id))!.Used);
    }

    [Fact]
    public async Task The_store_does_not_know_the_secret()
    {
        var token = await EnrolmentClient.TokenAsync(Controller);
        Assert.Equal(SHA256.HashData(token.Secret.Span), (await Store.FindTokenAsync(token.Id))!.SecretHash.ToArray());
    }

    private Task<IReadOnlyList<StoredCertificate>> CertificatesAsync() =>
        Store.ListCertificatesAsync(new VmKey("default", "vm-1"));
}
