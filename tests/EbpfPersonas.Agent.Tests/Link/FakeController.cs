using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Identity;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>
/// A controller's gRPC side on loopback, over TLS: welcomes agents that have a certificate, whichever it is, sends them
/// what the test pushes, keeps what they say. It lives here and not in TestKit, which the
/// native kernel tests carry and where a web server has no place.
/// </summary>
internal sealed class FakeController : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentQueue<AgentMessage> _received = new();
    private volatile IServerStreamWriter<ControllerMessage>? _stream;
    private CancellationTokenSource _streams = new();

    private readonly ConcurrentQueue<X509Certificate2> _presented = new();

    private FakeController(WebApplication app, string id, TestAuthority authority) =>
        (_app, Id, Authority, Enrolment) = (app, id, authority, new FakeEnrolment(authority));

    public string Id { get; set; }

    /// <summary>Of its own certificate, and of those that it gives.</summary>
    public TestAuthority Authority { get; }

    public FakeEnrolment Enrolment { get; }

    /// <summary>Why it takes no agent; null = it does.</summary>
    public string? Refuses { get; set; }

    /// <summary>The certificates of the agents that came, one for each stream.</summary>
    public IReadOnlyList<X509Certificate2> Presented => [.. _presented];

    public bool SaysWelcome { get; set; } = true;

    /// <summary>It takes the next message of an agent when this is done.</summary>
    public Task Listens { get; set; } = Task.CompletedTask;

    public Uri Address => new(
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Everything that agents said, on all streams.</summary>
    public IReadOnlyList<AgentMessage> Received => [.. _received];

    /// <summary>
    /// Listens on loopback, or on <paramref name="listener"/>, which may be in another namespace. Whoever shares
    /// <paramref name="authority"/> is the same controller for an agent.
    /// </summary>
    public static async Task<FakeController> StartAsync(
        string id = "store-1", int port = 0, System.Net.Sockets.Socket? listener = null,
        TestAuthority? authority = null)
    {
        authority ??= new TestAuthority();
        var tls = new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(authority.ServerOptions()),
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (listener is null)
            {
                kestrel.Listen(IPAddress.Loopback, port, Configure);
            }
            else
            {
                kestrel.ListenHandle((ulong)listener.Handle, Configure);
            }

            void Configure(ListenOptions listen)
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(tls);
            }
        });
        builder.Services.AddGrpc();
        FakeController? fake = null;
        builder.Services.AddSingleton(_ => fake!).AddSingleton(_ => fake!.Enrolment);
        var app = builder.Build();
        app.MapGrpcService<Service>();
        app.MapGrpcService<FakeEnrolment.Service>();
        fake = new FakeController(app, id, authority);
        await app.StartAsync();
        return fake;
    }

    public Task PushAsync(ulong generation, Persona? persona) => _stream!.WriteAsync(new ControllerMessage
    {
        Desired = new DesiredState { Generation = generation, Persona = persona, Cause = "the test says so" },
    });

    public Task NameTrustAsync(params IEnumerable<byte[]> authorities) => _stream!.WriteAsync(
        new ControllerMessage { Trust = FakeEnrolment.Bundle(authorities) });

    public Task WatchAsync(params ProcessCondition[] conditions) =>
        _stream!.WriteAsync(new ControllerMessage { Watch = new Watch { Conditions = { conditions } } });

    /// <summary>Says that a message of the agent has arrived.</summary>
    public Task AcknowledgeAsync(Receipt receipt) =>
        _stream!.WriteAsync(new ControllerMessage { Receipt = receipt });

    /// <summary>Breaks every stream there is; new ones are welcome.</summary>
    public void Break() => Interlocked.Exchange(ref _streams, new CancellationTokenSource()).Cancel();

    /// <summary>
    /// Waits until <paramref name="count"/> messages such as this were received, and gives the last of them.
    /// </summary>
    public async Task<AgentMessage> WaitForAsync(Func<AgentMessage, bool> wanted, int count = 1)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            if (_received.Where(wanted).Skip(count - 1).FirstOrDefault() is { } found)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_ending.IsCancellationRequested)
        {
            return;
        }

        await _ending.CancelAsync();
        Break();
        await _app.DisposeAsync();
        _ending.Dispose();
    }

    private async Task ServeAsync(
        IAsyncStreamReader<AgentMessage> messages,
        IServerStreamWriter<ControllerMessage> answers,
        CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token, _streams.Token);
        if (SaysWelcome)
        {
            await answers.WriteAsync(
                new ControllerMessage { Welcome = new Welcome { ControllerId = Id } },
                ending.Token);
        }

        _stream = answers;
        try
        {
            await foreach (var message in messages.ReadAllAsync(ending.Token))
            {
                _received.Enqueue(message);
                await Listens;
            }
        }
        catch (OperationCanceledException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the test broke the stream"));
        }
    }

    private sealed class Service(FakeController controller) : AgentService.AgentServiceBase
    {
        public override Task Connect(
            IAsyncStreamReader<AgentMessage> requestStream,
            IServerStreamWriter<ControllerMessage> responseStream,
            ServerCallContext context)
        {
            var presented = context.GetHttpContext().Connection.ClientCertificate;
            if ((presented is null ? "no certificate" : controller.Refuses) is { } wrong)
            {
                throw new RpcException(new Status(StatusCode.Unauthenticated, wrong));
            }

            controller._presented.Enqueue(X509CertificateLoader.LoadCertificate(presented!.RawDataMemory.Span));
            return controller.ServeAsync(requestStream, responseStream, context.CancellationToken);
        }

        public override Task<ConfirmAnswer> Confirm(ConfirmRequest request, ServerCallContext context) =>
            context.GetHttpContext().Connection.ClientCertificate is null
            ? throw new RpcException(new Status(StatusCode.Unauthenticated, "no certificate"))
            : Task.FromResult(new ConfirmAnswer { ControllerId = controller.Id, Nonce = request.Nonce });
    }
}
