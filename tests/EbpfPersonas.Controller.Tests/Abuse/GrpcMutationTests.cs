using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Tests.Identity;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Controller.Tests.Abuse;

[Collection(AbuseCollection.Name)]
public sealed class GrpcMutationTests(ITestOutputHelper output) : ControllerTest
{
    /// <summary>
    /// INTERNAL that the layer of gRPC itself answers with before any of the controller's code is asked: gRPC's
    /// description of compression demands it for the first two, and its library has it for frames that are not whole or
    /// too many. Everything else that is INTERNAL or UNKNOWN is a fault.
    /// </summary>
    private static readonly HashSet<string> FramingFaults =
    [
        "Request did not include grpc-encoding value with compressed message.",
        "Request sent 'identity' grpc-encoding value with compressed message.",
        "Incomplete message.",
        "Additional data after the message received.",
    ];

    private const string NewVm = "vm-new";

    private static ByteString Unsigned { get; } = ByteString.CopyFrom(SigningRequests.Bad["another's signature"]());

    [Fact]
    public async Task Mutated_messages_are_refused_and_nothing_of_them_is_kept()
    {
        var enrol = await EnrolmentAsync();
        var renew = new RenewRequest { CertificateRequest = Unsigned }.ToByteArray();
        var confirm = new ConfirmRequest { Nonce = ByteString.CopyFrom(new byte[16]) }.ToByteArray();
        using var strangers = Strangers();
        // A VM for each worker: two streams of one take each other's place.
        var vms = new List<RawCalls>();
        for (var worker = 0; worker < MutationCampaign.Workers; worker++)
        {
            vms.Add(new RawCalls(Controller.AgentsUrl, await Controller.IdentityAsync($"vm-{worker}")));
            await (await Controller.AgentAsync($"vm-{worker}")).DisposeAsync();
        }

        var kept = KeptThings.Of(Controller.StoreFile);
        await using var memory = new MemoryWatch();
        var wrong = await MutationCampaign.RunAsync(MutationCampaign.Total / 4, OneAsync);

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        output.WriteLine(memory.ExpectBounded());
        Assert.Equal(kept, KeptThings.Of(Controller.StoreFile));
        vms.ForEach(calls => calls.Dispose());

        Task<string?> OneAsync(int worker, Random random) => random.Next(4) switch
        {
            0 => UnaryAsync(strangers, "EnrolmentService/Enrol", enrol, random),
            1 => UnaryAsync(vms[worker], "EnrolmentService/Renew", renew, random),
            2 => UnaryAsync(strangers, "AgentService/Confirm", confirm, random),
            _ => StreamAsync(vms[worker], random),
        };
    }

    /// <summary>The campaign is worth something: it finds a service that fails at what few mutants have.</summary>
    [Fact]
    public async Task A_service_that_fails_at_one_mutation_is_found()
    {
        await Controller.StopAsync();
        Controller.Extend = app => app.MapGrpcService<BrokenEnrolment>().AllowAnonymous()
            // Before the one that is there.
            .Add(endpoint => ((RouteEndpointBuilder)endpoint).Order = -1);
        await Controller.StartAgainAsync();
        var enrol = await EnrolmentAsync();
        using var strangers = Strangers();

        var wrong = await MutationCampaign.RunAsync(
            1000, (_, random) => UnaryAsync(strangers, "EnrolmentService/Enrol", enrol, random));

        Assert.NotEmpty(wrong);
        Assert.All(wrong, found => Assert.Contains("Internal", found, StringComparison.Ordinal));
    }

    /// <summary>So a little that is sent is never much that is kept, whoever sends it.</summary>
    [Fact]
    public async Task Nothing_that_is_compressed_is_unpacked()
    {
        var identity = await Controller.IdentityAsync("vm-1");
        using var calls = new RawCalls(Controller.AgentsUrl, identity);
        // It would be a right hello.
        var packed = RawCalls.Frame(FrameMutator.Gzip(AgentMessages.Hello), compressed: 1);

        var answer = await calls.SendAsync("AgentService/Connect", packed, "gzip");

        Assert.Equal(StatusCode.Unimplemented, answer.Status);
    }

    /// <summary>The message of a call is read before anybody looks at the certificate.</summary>
    [Theory]
    [InlineData("EnrolmentService/Enrol")]
    [InlineData("EnrolmentService/Renew")]
    [InlineData("AgentService/Confirm")]
    public async Task Of_a_large_message_little_is_read(string method)
    {
        using var calls = Strangers();

        var large = await calls.SendAsync(method, Unknown(EnrolmentEndpoint.MaxMessage));
        var small = await calls.SendAsync(method, Unknown(EnrolmentEndpoint.MaxMessage / 2));

        Assert.Equal(
            (StatusCode.InvalidArgument, StatusCode.Unauthenticated), (large.Status!.Value, small.Status!.Value));

        // A field that no message has.
        static byte[] Unknown(int length)
        {
            using var message = new MemoryStream();
            using (var output = new CodedOutputStream(message, leaveOpen: true))
            {
                output.WriteTag(15, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(new byte[length]));
            }

            return RawCalls.Frame(message.ToArray());
        }
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_the_callers_fault()
    {
        using var calls = new RawCalls(Controller.AgentsUrl, await Controller.IdentityAsync("vm-1"));
        var unreadable = RawCalls.Frame([0x0a, 0x7f]);

        foreach (var method in (string[])["EnrolmentService/Enrol", "EnrolmentService/Renew", "AgentService/Confirm"])
        {
            var answer = await calls.SendAsync(method, unreadable);
            Assert.Equal((method, StatusCode.InvalidArgument), (method, answer.Status));
        }

        var first = await calls.SendAsync("AgentService/Connect", unreadable);
        Assert.Equal((StatusCode.InvalidArgument, "A message cannot be read."), (first.Status!.Value, first.Sentence));
        var later = await calls.SendAsync(
            "AgentService/Connect", [.. RawCalls.Frame(AgentMessages.Hello), .. unreadable]);
        Assert.Equal((StatusCode.InvalidArgument, "A message cannot be read."), (later.Status!.Value, later.Sentence));
    }

    /// <summary>
    /// An enrolment that is right but for the signature in its request, which nothing puts right: so mutants get far.
    /// </summary>
    private async Task<byte[]> EnrolmentAsync()
    {
        var token = await EnrolmentClient.TokenAsync(Controller, NewVm);
        return new EnrolRequest
        {
            TokenId = token.Id,
            Secret = ByteString.CopyFrom(token.Secret.Span),
            VmId = NewVm,
            CertificateRequest = Unsigned,
        }.ToByteArray();
    }

    /// <summary>Of somebody without a certificate.</summary>
    private RawCalls Strangers() => new(
        Controller.AgentsUrl, new FakeIdentity(null, Controller.Get<CertificateAuthority>().Current.Certificates));

    private static async Task<string?> UnaryAsync(RawCalls calls, string method, byte[] seed, Random random)
    {
        var (frame, encoding) = FrameMutator.Frame(FrameMutator.Message(seed, random), random);
        return await JudgeAsync(calls, method, frame, encoding);
    }

    /// <summary>A hello, a snapshot, and up to three other messages; one of them is mutated.</summary>
    private static async Task<string?> StreamAsync(RawCalls calls, Random random)
    {
        List<byte[]> messages = [AgentMessages.Hello, AgentMessages.Snapshot];
        for (var more = random.Next(4); more > 0; more--)
        {
            messages.Add(AgentMessages.Later[random.Next(AgentMessages.Later.Count)]);
        }

        var mutated = random.Next(messages.Count);
        var (frame, encoding) = FrameMutator.Frame(FrameMutator.Message(messages[mutated], random), random);
        byte[] body =
        [
            .. messages.Take(mutated).SelectMany(message => RawCalls.Frame(message)),
            .. frame,
            .. messages.Skip(mutated + 1).SelectMany(message => RawCalls.Frame(message)),
        ];
        return await JudgeAsync(calls, "AgentService/Connect", body, encoding);
    }

    private static async Task<string?> JudgeAsync(RawCalls calls, string method, byte[] body, string? encoding)
    {
        try
        {
            var answer = await calls.SendAsync(method, body, encoding);
            // A stream may end well: what was mutated is right, or is ignored.
            var isRight = answer.Http == 200 && answer.Status switch
            {
                null or StatusCode.Unknown => false,
                StatusCode.Internal => FramingFaults.Contains(answer.Sentence),
                StatusCode.OK => method.EndsWith("Connect", StringComparison.Ordinal),
                _ => true,
            };
            return isRight ? null : $"{method}: {answer}\n{encoding} {Convert.ToHexString(body)}";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return $"{method}: {exception.GetType().Name} {exception}\n{encoding} {Convert.ToHexString(body)}";
        }
    }

    private sealed class BrokenEnrolment : EnrolmentService.EnrolmentServiceBase
    {
        public override Task<Credentials> Enrol(EnrolRequest request, ServerCallContext context) =>
            request.VmId == NewVm
                ? throw new RpcException(new Status(StatusCode.Unauthenticated, "As it should be."))
                : throw new InvalidOperationException("Broken on purpose.");
    }
}
