using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.TestKit.Survival;

/// <summary>
/// Connections that are open before something happens, and are used while it does; and a port beside theirs that is
/// denied and tried all the time.
/// </summary>
public sealed class KeptConnections : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Where 5 s would do: nothing depends on it but the length of a test.
    private static readonly TimeSpan RoundLength = TimeSpan.FromSeconds(1);
    private const int RoundsAfterwards = 2;

    private readonly List<(Socket Client, Socket Server)> _connections = [];
    private readonly Socket _denied;
    private readonly Socket _prober;

    private KeptConnections(Socket denied, Socket prober) => (_denied, _prober) = (denied, prober);

    /// <summary>The clients' own ports.</summary>
    public IReadOnlyList<int> Ports =>
        [.. _connections.Select(connection => ((IPEndPoint)connection.Client.LocalEndPoint!).Port)];

    /// <summary>Opens <paramref name="count"/> to <paramref name="port"/> of the server.</summary>
    public static async Task<KeptConnections> OpenAsync(
        (LabHost Host, string Address) client,
        (LabHost Host, string Address) server,
        int port,
        int deniedPort,
        int count)
    {
        var opened = new KeptConnections(
            server.Host.BindUdp(server.Address, deniedPort), client.Host.BindUdp(client.Address, 0));
        try
        {
            using var listener = server.Host.Listen(server.Address, port);
            for (var i = 0; i < count; i++)
            {
                var from = await client.Host.ConnectAsync(server.Address, port, Patience);
                opened._connections.Add((from, await listener.AcceptAsync()));
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Whether a datagram arrives at the port that is denied.</summary>
    public bool DeniedArrives(TimeSpan patience)
    {
        Probe();
        return Arrived(patience);
    }

    /// <summary>
    /// Until <paramref name="end"/>, and for two rounds more, each connection carries one octet there and one back
    /// every second, or none before the end where <paramref name="silent"/>; and each time the denied port is tried.
    /// </summary>
    public async Task<KeptTally> TalkUntilAsync(Task end, bool silent = false)
    {
        ArgumentNullException.ThrowIfNull(end);
        var lost = new HashSet<Socket>();
        var arrived = false;
        var rounds = 0;
        for (var more = RoundsAfterwards; more > 0; rounds++)
        {
            more -= end.IsCompleted ? 1 : 0;
            var begun = Stopwatch.GetTimestamp();
            foreach (var (client, server) in _connections)
            {
                if ((!silent || end.IsCompleted) && !lost.Contains(client) && !Carries(client, server))
                {
                    lost.Add(client);
                }

                Probe();
            }

            arrived |= Arrived(TimeSpan.Zero);
            var rest = RoundLength - Stopwatch.GetElapsedTime(begun);
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
        }

        await end;
        return new KeptTally(rounds, rounds * _connections.Count, lost.Count, arrived);
    }

    public void Dispose()
    {
        foreach (var (client, server) in _connections)
        {
            client.Dispose();
            server.Dispose();
        }

        _denied.Dispose();
        _prober.Dispose();
    }

    private static bool Carries(Socket client, Socket server)
    {
        try
        {
            return CarriesOctet(client, server) && CarriesOctet(server, client);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool CarriesOctet(Socket from, Socket to) =>
        from.Send(new byte[1]) == 1
        && to.Poll(Patience, SelectMode.SelectRead)
        && to.Receive(new byte[1]) == 1;

    private void Probe()
    {
        try
        {
            _prober.SendTo(new byte[1], _denied.LocalEndPoint!);
        }
        catch (SocketException)
        {
            // Refused where it leaves.
        }
    }

    private bool Arrived(TimeSpan patience) => _denied.Poll(patience, SelectMode.SelectRead);
}
