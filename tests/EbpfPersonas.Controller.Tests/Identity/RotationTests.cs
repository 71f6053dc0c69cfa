using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Personas.Identity;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>
/// The authority is replaced while agents are connected, as from the command line: by the folder alone.
/// </summary>
public sealed class RotationTests : ControllerTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<FakeAgent, int> _seen = [];

    private CertificateAuthority Authority => Controller.Get<CertificateAuthority>();

    [Fact]
    public async Task Streams_and_renewals_go_on_while_one_authority_takes_the_place_of_another()
    {
        var folder = new AuthorityFolder(Controller.CaFolder, TimeProvider.System);
        var first = Authority.Current.Issuing;
        await using var agent = await Controller.AgentAsync("vm-1");
        await using var idle = await Controller.AgentAsync("vm-2");

        folder.Prepare();
        var trust = await NextTrustAsync(agent, 2);
        Assert.Equal(first.Certificate.RawData, trust.Authorities[0].ToByteArray());
        Assert.Equal(first.Pin, Authority.Current.Issuing.Pin);

        folder.Activate();
        await NextTrustAsync(agent, 2);
        var second = Authority.Current.Issuing;
        Assert.NotEqual(first.Pin, second.Pin);

        // The agent's stream lives; what it shows is good, and the new server's certificate is from whom it heard of.
        X509Certificate2Collection heard =
            [.. trust.Authorities.Select(one => X509CertificateLoader.LoadCertificate(one.Span))];
        var renewed = await RenewAsync(new FakeIdentity((await Controller.IdentityAsync("vm-1")).Certificate, heard));
        Assert.Null(CertificateCheck.Problem(
            renewed.Certificate!, [second.Certificate], CertificateCheck.ClientAuthentication,
            TimeProvider.System.GetUtcNow()));
        Assert.True(await agent.HearsNothingAsync(TimeSpan.FromMilliseconds(300)));
        await using var again = await FakeAgent.StartAsync(Controller.AgentsUrl, renewed);
        Assert.Equal(StatusCode.Aborted, await agent.EndAsync());

        folder.Retire();
        await NextTrustAsync(again, 1);
        Assert.True(await again.HearsNothingAsync(TimeSpan.FromMilliseconds(300)));
        var end = await idle.EndStatusAsync();
        Assert.Equal(StatusCode.Unauthenticated, end.StatusCode);
        Assert.Contains("not from an authority that is trusted", end.Detail, StringComparison.Ordinal);

        // A restart finds what the folder says.
        await Controller.StopAsync();
        await Controller.StartAgainAsync();
        Assert.Equal([second.Pin], Authority.Current.Trusted.Select(authority => authority.Pin));
        await using var back = await FakeAgent.StartAsync(Controller.AgentsUrl, renewed);
    }

    [Fact]
    public async Task The_trust_comes_after_the_welcome()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        var trust = await NextTrustAsync(agent, 1);
        Assert.Equal(Authority.Current.Issuing.Certificate.RawData, Assert.Single(trust.Authorities).ToByteArray());
    }

    /// <summary>Waits until the agent was told of so many authorities, the controller's present ones.</summary>
    private async Task<TrustBundle> NextTrustAsync(FakeAgent agent, int count)
    {
        var end = TimeProvider.System.GetUtcNow() + Patience;
        while (TimeProvider.System.GetUtcNow() < end)
        {
            Assert.True(await agent.HearsNothingAsync(TimeSpan.FromMilliseconds(100)));
            if (agent.Trusts is [.., var last] && last.Authorities.Count == count
                && last.Authorities[0].Span.SequenceEqual(Authority.Current.Issuing.Certificate.RawData)
                && agent.Trusts.Count != _seen.GetValueOrDefault(agent))
            {
                _seen[agent] = agent.Trusts.Count;
                return last;
            }
        }

        Assert.Fail($"The agent did not hear of {count} authorities.");
        return null!;
    }

    private async Task<FakeIdentity> RenewAsync(FakeIdentity identity)
    {
        using var key = SigningRequests.NewKey();
        using var channel = identity.Open(Controller.AgentsUrl);
        var credentials = await new EnrolmentService.EnrolmentServiceClient(channel).RenewAsync(
            new RenewRequest { CertificateRequest = ByteString.CopyFrom(SigningRequests.Of(key)) });
        return TestEnrolment.Show(Authority, credentials.Certificate.Span, key);
    }
}
