using System.Diagnostics;
using System.Net;
using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Store.Sqlite;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>The end of certificates: by being taken back, and by themselves; and how they go on.</summary>
public sealed class RevocationTests : ControllerTest
{
    private static readonly VmKey Vm1 = new("default", "vm-1");

    [Fact]
    public async Task A_revocation_cuts_the_stream_at_once_and_lets_nothing_in_again()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        await using var other = await Controller.AgentAsync("vm-2");
        var identity = await Controller.IdentityAsync("vm-1");
        var watch = Stopwatch.StartNew();

        Assert.True(await Controller.Get<VmRevocation>().RevokeAsync(Vm1, audit: null));

        var end = await agent.EndStatusAsync();
        Assert.Equal(
            (StatusCode.Unauthenticated, "The client certificate is revoked."), (end.StatusCode, end.Detail));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
        var refused = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(identity));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        refused = await Assert.ThrowsAsync<RpcException>(() => FakeAgent.ConnectAsync(Controller.AgentsUrl, identity));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.True(await other.HearsNothingAsync(TimeSpan.FromMilliseconds(300)));
    }

    [Fact]
    public async Task A_stream_ends_with_its_certificate()
    {
        await Controller.StopAsync();
        Controller.CertificateLifetime = TimeSpan.FromSeconds(6);
        await Controller.StartAgainAsync();
        var identity = await Controller.IdentityAsync("vm-1");
        await using var agent = await FakeAgent.StartAsync(Controller.AgentsUrl, identity);

        var end = await agent.EndStatusAsync();

        Assert.Equal(
            (StatusCode.Unauthenticated, "The client certificate is expired."), (end.StatusCode, end.Detail));
        var late = TimeProvider.System.GetUtcNow() - identity.Certificate!.NotAfter;
        Assert.InRange(late, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        var refused = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(identity));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public async Task A_renewed_certificate_is_as_good_as_the_one_before_and_both_are()
    {
        var identity = await Controller.IdentityAsync("vm-1");

        var renewed = await RenewAsync(identity);

        await using var before = await FakeAgent.StartAsync(Controller.AgentsUrl, identity);
        await using var after = await FakeAgent.StartAsync(Controller.AgentsUrl, renewed);
        Assert.Equal(StatusCode.Aborted, await before.EndAsync());
        Assert.Equal(
            ["ok"], Controller.Audit.Entries.Where(entry => entry.Action == "Renew").Select(entry => entry.Result));
        Assert.True(await Controller.Get<VmRevocation>().RevokeAsync(Vm1, audit: null));
        Assert.Equal(StatusCode.Unauthenticated, await after.EndAsync());
    }

    [Fact]
    public async Task A_VM_cannot_fill_the_store_with_renewals()
    {
        var identity = await Controller.IdentityAsync("vm-1");
        for (var i = 1; i < SqliteIdentities.MaxCertificates; i++)
        {
            await RenewAsync(identity);
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(identity));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(
            SqliteIdentities.MaxCertificates,
            (await Controller.Get<IIdentityStore>().ListCertificatesAsync(Vm1)).Count);
    }

    [Fact]
    public async Task A_VM_is_shut_out_before_it_connects_too()
    {
        var identity = await Controller.IdentityAsync("vm-1");
        var token = await EnrolmentClient.TokenAsync(Controller, "vm-2");
        foreach (var vm in (string[])["vm-1", "vm-2"])
        {
            using var deleted = await Controller.Http.DeleteAsync($"/api/v1/vms/{vm}");
            Assert.Equal((vm, HttpStatusCode.NoContent), (vm, deleted.StatusCode));
            using var again = await Controller.Http.DeleteAsync($"/api/v1/vms/{vm}");
            Assert.Equal((vm, HttpStatusCode.NotFound), (vm, again.StatusCode));
        }

        var refused = await Assert.ThrowsAsync<RpcException>(
            () => FakeAgent.ConnectAsync(Controller.AgentsUrl, identity));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.Null(await Controller.Get<IIdentityStore>().FindTokenAsync(token.Id));
    }

    [Fact]
    public async Task A_renewal_for_the_key_that_it_has_is_none()
    {
        using var key = SigningRequests.NewKey();
        var identity = await Controller.IdentityAsync("vm-1");
        var credentials = await RenewAsync(identity, SigningRequests.Of(key));
        var renewed = TestEnrolment.Show(Controller.Get<CertificateAuthority>(), credentials.Certificate.Span, key);

        // The answer may have been lost: the same again is no other.
        Assert.Equal(credentials.Certificate, (await RenewAsync(identity, SigningRequests.Of(key))).Certificate);
        var refused = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(renewed, SigningRequests.Of(key)));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Theory]
    [MemberData(nameof(EnrolmentTests.BadRequests), MemberType = typeof(EnrolmentTests))]
    public async Task A_renewal_is_refused_for_a_request_that_has(string what)
    {
        var identity = await Controller.IdentityAsync("vm-1");

        var refused = await Assert.ThrowsAsync<RpcException>(() => RenewAsync(identity, SigningRequests.Bad[what]()));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Single(await Controller.Get<IIdentityStore>().ListCertificatesAsync(Vm1));
    }

    private async Task<FakeIdentity> RenewAsync(FakeIdentity identity)
    {
        using var key = SigningRequests.NewKey();
        var credentials = await RenewAsync(identity, SigningRequests.Of(key));
        return TestEnrolment.Show(Controller.Get<CertificateAuthority>(), credentials.Certificate.Span, key);
    }

    private async Task<Credentials> RenewAsync(FakeIdentity identity, byte[] request)
    {
        using var channel = identity.Open(Controller.AgentsUrl);
        return await new EnrolmentService.EnrolmentServiceClient(channel).RenewAsync(
            new RenewRequest { CertificateRequest = ByteString.CopyFrom(request) });
    }
}
