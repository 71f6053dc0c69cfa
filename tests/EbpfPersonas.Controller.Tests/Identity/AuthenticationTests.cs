using System.Net;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>Who is let in by a certificate, and as whom.</summary>
public sealed class AuthenticationTests : ControllerTest
{
    public static TheoryData<string> BadCertificates => [.. CertificateForge.Bad.Keys];

    [Theory]
    [MemberData(nameof(BadCertificates))]
    public async Task A_certificate_is_refused_in_a_sentence_that_is(string what)
    {
        using var forge = new CertificateForge(Controller);
        var (sentence, make) = CertificateForge.Bad[what];
        var identity = await make(forge);
        var before = await CertificatesAsync();
        using var channel = identity.Open(Controller.AgentsUrl);
        using var key = SigningRequests.NewKey();

        Func<Task>[] attempts =
        [
            () => FakeAgent.ConnectAsync(Controller.AgentsUrl, identity),
            async () => await new AgentService.AgentServiceClient(channel).ConfirmAsync(new ConfirmRequest()),
            async () => await new EnrolmentService.EnrolmentServiceClient(channel).RenewAsync(
                new RenewRequest { CertificateRequest = ByteString.CopyFrom(SigningRequests.Of(key)) }),
        ];
        foreach (var attempt in attempts)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(attempt);
            Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
            Assert.Contains(sentence, refused.Status.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(
            ["Connect", "Confirm", "Renew"], Controller.Audit.Entries.Select(entry => entry.Action));
        Assert.All(
            Controller.Audit.Entries, entry => Assert.Contains(sentence, entry.Result, StringComparison.Ordinal));
        Assert.Equal(before, await CertificatesAsync());
        Assert.Empty((await Controller.GetAsync("/api/v1/vms"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_stream_is_that_of_the_VM_whose_certificate_it_shows()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using var one = await Controller.AgentAsync("vm-1");
        await using var two = await Controller.AgentAsync("vm-2");
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");

        Assert.Equal("db", (await one.NextAsync()).Persona.Name);
        await one.ExecAsync(1, "/usr/bin/of-vm-1");
        Assert.True(await two.HearsNothingAsync(TimeSpan.FromMilliseconds(300)));
        Assert.DoesNotContain(
            "of-vm-1", (await Controller.GetAsync("/api/v1/vms/vm-2/activity")).ToJsonString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agents_port_does_not_speak_plain_text()
    {
        var address = Controller.AgentsUrl.Replace("https", "http", StringComparison.Ordinal);
        using var channel = GrpcChannel.ForAddress(address);
        var failed = await Assert.ThrowsAsync<RpcException>(
            async () => await new AgentService.AgentServiceClient(channel).ConfirmAsync(new ConfirmRequest()));
        Assert.NotEqual(StatusCode.Unauthenticated, failed.StatusCode);

        using var http = new HttpClient();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync(new Uri(address)));
        Assert.Empty(Controller.Audit.Entries);
    }

    [Fact]
    public async Task The_agents_port_serves_nothing_of_the_API_and_the_other_way_round()
    {
        var identity = await Controller.IdentityAsync("vm-1");
        using var client = new HttpClient { BaseAddress = new Uri(Controller.ApiUrl) };
        foreach (var (path, status) in ((string, HttpStatusCode)[])
        [
            ("/ebpf_personas.v1.EnrolmentService/Enrol", HttpStatusCode.NotFound),
            ("/EBPF_PERSONAS.V1.ENROLMENTSERVICE/enrol", HttpStatusCode.NotFound),
            ("/ebpf_personas.v1.EnrolmentService/Other", HttpStatusCode.NotFound),
            ("/x/y", HttpStatusCode.Unauthorized),
        ])
        {
            using var body = new ByteArrayContent([0, 0, 0, 0, 0]);
            body.Headers.ContentType = new("application/grpc");
            using var refused = await client.PostAsync(new Uri(path, UriKind.Relative), body);
            Assert.Equal((path, status), (path, refused.StatusCode));
        }

        Assert.All(
            Controller.Audit.Entries,
            entry => Assert.StartsWith("refused", entry.Result, StringComparison.Ordinal));
        using var handler = new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => identity.Certificate is not null },
        };
        using var http = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20 };
        using var answer = await http.GetAsync(new Uri($"{Controller.AgentsUrl}/api/v1/vms"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_flood_of_refused_streams_is_twenty_records_and_keeps_no_good_agent_out()
    {
        var stranger = new FakeIdentity(null, (await Controller.IdentityAsync("vm-1")).Authorities);
        var codes = new List<StatusCode>();
        for (var i = 0; i < 100; i++)
        {
            codes.Add((await Assert.ThrowsAsync<RpcException>(
                () => FakeAgent.ConnectAsync(Controller.AgentsUrl, stranger))).StatusCode);
        }

        Assert.All(codes.Take(RecordCounts.Max), code => Assert.Equal(StatusCode.Unauthenticated, code));
        Assert.All(codes.Skip(RecordCounts.Max), code => Assert.Equal(StatusCode.ResourceExhausted, code));
        Assert.Equal(20, Controller.Audit.Entries.Count);
        await using var agent = await Controller.AgentAsync("vm-1");
    }

    [Fact]
    public async Task A_stream_that_takes_the_place_of_another_is_recorded()
    {
        await using var first = await Controller.AgentAsync("vm-1");
        await using var second = await Controller.AgentAsync("vm-1");

        Assert.Equal(StatusCode.Aborted, await first.EndAsync());
        var entry = Assert.Single(Controller.Audit.Entries);
        Assert.Equal(
            ("default", "vm vm-1", "Connect", "default/vm-1", "ok: took the place of another stream"),
            (entry.Tenant, entry.Actor, entry.Action, entry.Target, entry.Result));
    }

    private async Task<string[]> CertificatesAsync() =>
    [
        .. (await Controller.Get<IIdentityStore>().ListCertificatesAsync(new VmKey("default", "vm-1")))
            .Select(one => $"{one.Serial} {one.Revoked}"),
    ];
}
