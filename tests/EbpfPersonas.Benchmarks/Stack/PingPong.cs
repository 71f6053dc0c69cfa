using System.Diagnostics;
using System.Net.Sockets;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Benchmarks.Stack;

/// <summary>Two hosts that send an octet to and fro over one TCP connection.</summary>
internal sealed class PingPong : IAsyncDisposable
{
    /// <summary>Round trips in one run.</summary>
    public const int RoundsMax = 2000;

    private const int Port = 7000;

    private readonly LabHost _vm;
    private readonly LabHost _peer;
    private readonly string _peerAddress;
    private readonly byte[] _octet = new byte[1];
    private Socket? _client;
    private Socket? _server;
    private Thread? _echo;

    private PingPong(LabHost vm, LabHost peer, string peerAddress) =>
        (_vm, _peer, _peerAddress) = (vm, peer, peerAddress);

    /// <summary>The number tells the pairs of a lab apart, 0-99.</summary>
    public static async Task<PingPong> CreateAsync(Lab lab, int number)
    {
        var peerAddress = $"10.{number}.0.10";
        return new PingPong(
            await lab.AddHostAsync($"vm{number}", $"10.{number}.0.5/24"),
            await lab.AddHostAsync($"peer{number}", $"{peerAddress}/24"),
            peerAddress);
    }

    /// <summary>Hangs the filter with this persona on the interfaces of the side that begins.</summary>
    public PersonaDataplane Govern(Persona persona) => _vm.RunInside(() =>
    {
        var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        dataplane.Apply(1, persona);
        dataplane.Attach();
        return dataplane;
    });

    public Task RunInVmAsync(string program, params string[] arguments) => _vm.RunAsync(program, arguments);

    public async Task ConnectAsync()
    {
        using var listener = _peer.Listen(_peerAddress, Port);
        _client = await _vm.ConnectAsync(_peerAddress, Port, TimeSpan.FromSeconds(5));
        _server = await listener.AcceptAsync();
        (_client.NoDelay, _server.NoDelay) = (true, true);
        _echo = new Thread(Echo) { IsBackground = true };
        _echo.Start();
    }

    /// <summary>The median of so many round trips, in nanoseconds.</summary>
    public double MedianRoundTrip(int rounds)
    {
        var times = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            _client!.Send(_octet);
            _client.Receive(_octet);
            times[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }

        Array.Sort(times);
        return times[rounds / 2];
    }

    public ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _echo?.Join();
        _server?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Echo()
    {
        var octet = new byte[1];
        while (_server!.Receive(octet) == 1)
        {
            _server.Send(octet);
        }
    }
}
