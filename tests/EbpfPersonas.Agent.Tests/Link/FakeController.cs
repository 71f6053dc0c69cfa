using System.Collections.Concurrent;
using System.Net;
using EbpfPersonas.Protos.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>
/// A controller's gRPC side on loopback: welcomes agents, sends them what the test pushes, keeps what they say. It
/// lives here and not in TestKit, which the native kernel tests carry and where a web server has no place.
/// </summary>
internal sealed class FakeController : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentQueue<AgentMessage> _received = new();
    private volatile IServerStreamWriter<ControllerMessage>? _stream;
    private CancellationTokenSource _streams = new();

    private FakeController(WebApplication app, string id) => (_app, Id) = (app, id);

    public string Id { get; set; }

    public bool SaysWelcome { get; set; } = true;

    /// <summary>It takes the next message of an agent when this is done.</summary>
    public Task Listens { get; set; } = Task.CompletedTask;

    public Uri Address => new(
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Everything that agents said, on all streams.</summary>
    public IReadOnlyList<AgentMessage> Received => [.. _received];

    /// <summary>Listens on loopback, or on <paramref name="listener"/>, which may be in another namespace.</summary>
    public static async Task<FakeController> StartAsync(
        string id = "store-1", int port = 0, System.Net.Sockets.Socket? listener = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (listener is null)
            {
                kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2);
            }
            else
            {
                kestrel.ListenHandle(
                    (ulong)listener.Handle, listen => listen.Protocols = HttpProtocols.Http2);
            }
        });
        builder.Services.AddGrpc();
        FakeController? fake = null;
        builder.Services.AddSingleton(_ => fake!);
        var app = builder.Build();
        app.MapGrpcService<Service>();
        fake = new FakeController(app, id);
        await app.StartAsync();
        return fake;
    }

    public Task PushAsync(ulong generation, Persona? persona) => _stream!.WriteAsync(new ControllerMessage
    {
        Desired = new DesiredState { Generation = generation, Persona = persona, Cause = "the test says so" },
    });

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
            ServerCallContext context) =>
            controller.ServeAsync(requestStream, responseStream, context.CancellationToken);

        public override Task<ConfirmAnswer> Confirm(ConfirmRequest request, ServerCallContext context) =>
            Task.FromResult(new ConfirmAnswer { ControllerId = controller.Id, Nonce = request.Nonce });
    }
}
