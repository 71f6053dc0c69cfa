using System.Net.Sockets;
using EbpfPersonas.Agent.Settings;
using Google.Protobuf;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>
/// Takes the operator's commands on the control socket, one after the other, and only root's. Without the socket the
/// agent does everything else; the commands then work on the kernel themselves.
/// </summary>
internal sealed class ControlEndpoint(
    AgentSettings settings, BreakGlassActions actions, ILogger<ControlEndpoint> log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private Socket? _listener;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _listener = Listen(ControlSocket.PathIn(settings.StateDirectory));
        }
        catch (Exception failure) when (failure is SocketException or IOException or UnauthorizedAccessException)
        {
            Log.NoControlSocket(log, ControlSocket.PathIn(settings.StateDirectory), failure.Message);
        }

        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _listener?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (_listener is { } listener && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptAsync(stoppingToken);
                await ServeAsync(client, stoppingToken);
            }
            catch (Exception failure) when (failure is SocketException or IOException
                or InvalidProtocolBufferException or OperationCanceledException)
            {
                // The client is gone, was too slow or spoke otherwise; or the agent stops.
                await Task.Delay(AcceptPause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning disable CA1031 // A command that fails must not end the agent.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                Log.CommandFaulted(log, fault);
            }
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken stopping)
    {
        if (ControlSocket.PeerUser(client) != 0)
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(Patience);
        await using var stream = new NetworkStream(client);
        var request = await ControlSocket.ReadAsync(stream, V1.ControlRequest.Parser, patience.Token);

        // Once it is understood it is carried out, also where nobody waits for the answer any more.
        await ControlSocket.WriteAsync(stream, actions.Execute(request), patience.Token);
    }

    private static Socket Listen(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        // An agent that was killed leaves its own.
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
