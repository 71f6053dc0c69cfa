using System.Diagnostics;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Agent.Tests.Activity;

/// <summary>A network namespace whose processes are traced by the real programs.</summary>
internal sealed class TracedHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lab _lab;

    private readonly PersonaDataplane _dataplane;

    private TracedHost(Lab lab, LabHost host, PersonaDataplane dataplane, ProcessTracer tracer) =>
        (_lab, Host, _dataplane, Tracer) = (lab, host, dataplane, tracer);

    public LabHost Host { get; }

    public ProcessTracer Tracer { get; }

    public KernelStages Stages => _dataplane.Stages;

    /// <summary>Everything seen so far.</summary>
    public List<ProcessRecord> Seen { get; } = [];

    public static async Task<TracedHost> CreateAsync(uint ringSize = ProcessTracer.DefaultRingSize)
    {
        var lab = await Lab.CreateAsync();
        var host = await lab.AddHostAsync("traced", "10.0.0.5/24");
        using var socket = host.OpenSocket(
            System.Net.Sockets.AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        var tracer = ProcessTracer.Open(
            BpfImages.Read("process.bpf.o"), NetworkNamespace.ReadCookie(socket), ringSize, dataplane.Filter);
        return new TracedHost(lab, host, dataplane, tracer);
    }

    public Task<LabHost> AddNeighbourAsync() => _lab.AddHostAsync("other", "10.0.0.6/24");

    /// <summary>Reads the ring until <paramref name="wanted"/> was seen, and gives it.</summary>
    public async Task<ProcessRecord> WaitForAsync(Func<ProcessRecord, bool> wanted)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            Seen.AddRange(Tracer.Drain());
            if (Seen.Find(record => wanted(record)) is { Event.Kind: not 0 } found)
            {
                return found;
            }

            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException(
                    "Not seen. What was: " +
                    string.Join(", ", Seen.Select(r => $"{r.Event.Kind} {r.Event.Pid} {r.Path}")));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }
    }

    public Task<ProcessRecord> WaitForAsync(ProcessEventKind kind, int pid, string? path = null) =>
        WaitForAsync(
            record => record.Event.Kind == kind && record.Event.Pid == pid && (path is null || record.Path == path));

    public async ValueTask DisposeAsync()
    {
        Tracer.Dispose();
        _dataplane.Dispose();
        await _lab.DisposeAsync();
    }
}
