using System.Collections.Concurrent;
using System.Diagnostics;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Agent.Tests.Dataplane.Interfaces;

/// <summary>
/// Hears of the interfaces of a host beside the agent, and when; and meanwhile does what attaching needs of the kernel,
/// to tell a slow machine from a slow agent.
/// </summary>
internal sealed class InterfaceWitness : IDisposable
{
    private readonly ConcurrentDictionary<int, long> _appeared = [];
    private readonly ConcurrentQueue<(long Start, long End)> _controls = [];
    private readonly LinkWatch _links;
    private readonly Thread _listening;
    private readonly Thread _controlling;
    private volatile bool _stop;

    public InterfaceWitness(LabHost host)
    {
        _links = host.RunInside(() => new LinkWatch());
        _listening = new Thread(() => _links.Run(Hear, () => { }, () => { }));
        _controlling = new Thread(Control);
        _listening.Start();
        _controlling.Start();
    }

    /// <summary>When the kernel told of the interface, in the stopwatch's ticks; null = not yet.</summary>
    public long? Appeared(int index) => _appeared.TryGetValue(index, out var time) ? time : null;

    /// <summary>The longest that two grace periods took which touch this span.</summary>
    public TimeSpan SlowestControl(long start, long end) => _controls
        .Where(control => control.End >= start && control.Start <= end)
        .Select(control => Stopwatch.GetElapsedTime(control.Start, control.End))
        .DefaultIfEmpty(TimeSpan.Zero)
        .Max();

    public void Dispose()
    {
        _stop = true;
        _links.Stop();
        _listening.Join();
        _controlling.Join();
        _links.Dispose();
    }

    private bool Hear(LinkChange change)
    {
        if (!change.Present)
        {
            _appeared.TryRemove(change.InterfaceIndex, out _);
        }
        else
        {
            _appeared.TryAdd(change.InterfaceIndex, Stopwatch.GetTimestamp());
        }

        return true;
    }

    private void Control()
    {
        using var grace = new EbpfPersonas.Bpf.GracePeriod();
        while (!_stop)
        {
            var start = Stopwatch.GetTimestamp();
            grace.Wait();
            grace.Wait();
            _controls.Enqueue((start, Stopwatch.GetTimestamp()));
        }
    }
}
