using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Identity;
using EbpfPersonas.TestKit.Network;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Benchmarks.Activation;

/// <summary>
/// A stream between two hosts that is made as an agent's and a controller's are, and on which each message is answered
/// at once by another.
/// </summary>
internal sealed class BareGrpc : IAsyncDisposable
{
    private const int Port = 7072;

    private readonly TestAuthority _authority;
    private readonly Socket _listener;
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> _call;
    private readonly AgentMessage _message;

    private BareGrpc(TestAuthority authority, Socket listener, WebApplication app, GrpcChannel channel)
    {
        (_authority, _listener, _app, _channel) = (authority, listener, app, channel);
        _call = new AgentService.AgentServiceClient(channel).Connect();
        _message = new AgentMessage { Activity = new ActivityBatch() };
        _message.Activity.Processes.Add(new ProcessEvent
        {
            Started = new ProcessStarted { Pid = 4711, Path = "/usr/bin/mysql", Executable = "/usr/bin/mariadb" },
        });
    }

    public static async Task<BareGrpc> StartAsync(LabHost vm, LabHost control, string address)
    {
        var authority = new TestAuthority();
        var listener = control.Listen(address, Port);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenHandle(
            (ulong)listener.Handle,
            listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(authority.ServerOptions()),
                });
            }));
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<Echo>();
        await app.StartAsync();
        var channel = GrpcChannel.ForAddress($"https://{address}:{Port}", new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                UseProxy = false,
                SslOptions = new SslClientAuthenticationOptions
                {
                    ClientCertificates = [authority.Issue(CertificateOrder.Vm("bare"))],
                    RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                        certificate?.Issuer == authority.Certificate.Subject,
                },
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = vm.OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    socket.NoDelay = true;
                    await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(address), Port), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
        });
        return new BareGrpc(authority, listener, app, channel);
    }

    /// <summary>One round trip, in nanoseconds.</summary>
    public async Task<double> RoundTripAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await _call.RequestStream.WriteAsync(_message);
        await _call.ResponseStream.MoveNext(CancellationToken.None);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        _channel.Dispose();
        await _app.DisposeAsync();
        _listener.Dispose();
        _authority.Dispose();
    }

    private sealed class Echo : AgentService.AgentServiceBase
    {
        private static readonly ControllerMessage Answer = new() { Receipt = new Receipt { Generation = 1 } };

        public override async Task Connect(
            IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<ControllerMessage> responseStream,
            ServerCallContext context)
        {
            await foreach (var _ in requestStream.ReadAllAsync(context.CancellationToken))
            {
                await responseStream.WriteAsync(Answer, context.CancellationToken);
            }
        }
    }
}
