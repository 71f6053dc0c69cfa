using System.Diagnostics;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.TestKit.Survival;

/// <summary>
/// Between two hosts, both ways: every second 100 new flows to a port that is allowed and 100 to one that is denied,
/// half of each TCP and half UDP; connections that stay open, and streams of answers to one question. Counts what gets
/// through and what does not.
/// </summary>
public sealed class SteadyTraffic : IDisposable
{
    /// <summary>New flows of each kind.</summary>
    public const int FlowsPerSecond = 100;

    private const int OpenConnections = 10;
    private const int Streams = 10;

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Thread> _threads = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly AnsweringHost[] _ends;

    /// <summary>Begins. The hosts have these addresses; <paramref name="allowed"/> is the port.</summary>
    public SteadyTraffic((LabHost Host, string Address) one, (LabHost Host, string Address) other, ushort allowed)
    {
        _ends =
        [
            new AnsweringHost(one.Host, one.Address, allowed, Tally),
            new AnsweringHost(other.Host, other.Address, allowed, Tally),
        ];
        for (var i = 0; i < _ends.Length; i++)
        {
            var (from, to) = (_ends[i], _ends[1 - i]);
            Start(from, () => Repeat(FlowsPerSecond / 4, from.AskByUdp, to));
            Start(from, () => Repeat(FlowsPerSecond / 4, from.AskByTcp, to));
            Start(from, () => Repeat(FlowsPerSecond / 4, from.TryUdp, to));
            Start(from, () => Repeat(FlowsPerSecond / 4, from.TryTcp, to));
            Start(from, () => from.Converse(to, OpenConnections / 2, _stopping.Token));
            Start(from, () => from.Follow(to, Streams / 2, _stopping.Token));
        }
    }

    /// <summary>The counts so far.</summary>
    public TrafficTally Tally { get; } = new();

    /// <summary>How long it has been running.</summary>
    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _watch.Stop();
        _stopping.Cancel();
        _threads.ForEach(thread => thread.Join());
        foreach (var end in _ends)
        {
            end.Dispose();
        }

        _stopping.Dispose();
    }

    /// <summary>Sockets belong to the namespace of the thread that makes them.</summary>
    private void Start(AnsweringHost at, Action action)
    {
        var thread = new Thread(() => at.Host.RunInside(() =>
        {
            action();
            return true;
        }));
        thread.Start();
        _threads.Add(thread);
    }

    /// <summary>So many times a second; what was late is made up for.</summary>
    private void Repeat(int perSecond, Action<AnsweringHost> flow, AnsweringHost to)
    {
        var begun = Stopwatch.StartNew();
        for (long i = 0; !_stopping.IsCancellationRequested; i++)
        {
            var wait = TimeSpan.FromSeconds((double)i / perSecond) - begun.Elapsed;
            if (wait > TimeSpan.Zero && _stopping.Token.WaitHandle.WaitOne(wait))
            {
                return;
            }

            flow(to);
        }
    }
}
