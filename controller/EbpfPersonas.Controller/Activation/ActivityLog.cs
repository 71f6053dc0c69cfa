using System.Threading.Channels;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The newest activity of one VM, and those who watch it live. A watcher that is too slow loses the oldest, not the VM
/// its pace.
/// </summary>
internal sealed class ActivityLog
{
    /// <summary>Records kept.</summary>
    public const int Max = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<ActivityRecord> _records = new(Max);
    private readonly List<Channel<ActivityRecord>> _watchers = [];
    private long _lastId;

    /// <summary>Events that the VM's kernel could not hand over since its agent started.</summary>
    public long EventsLost { get; set; }

    public void Add(ActivityRecord record)
    {
        lock (_lock)
        {
            if (_records.Count == Max)
            {
                _records.Dequeue();
            }

            var numbered = record with { Id = ++_lastId };
            _records.Enqueue(numbered);
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(numbered);
            }
        }
    }

    /// <summary>What is kept with an id above <paramref name="after"/>, oldest first.</summary>
    public IReadOnlyList<ActivityRecord> Read(long after)
    {
        lock (_lock)
        {
            return [.. _records.Where(record => record.Id > after)];
        }
    }

    /// <summary>
    /// What is kept with an id above <paramref name="after"/>, and everything from now on until the returned handle is
    /// disposed.
    /// </summary>
    public IDisposable Watch(long after, out ChannelReader<ActivityRecord> reader)
    {
        var channel = Channel.CreateBounded<ActivityRecord>(
            new BoundedChannelOptions(2 * Max) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            foreach (var record in _records.Where(record => record.Id > after))
            {
                channel.Writer.TryWrite(record);
            }

            _watchers.Add(channel);
        }

        reader = channel.Reader;
        return new Handle(this, channel);
    }

    private sealed class Handle(ActivityLog log, Channel<ActivityRecord> channel) : IDisposable
    {
        public void Dispose()
        {
            lock (log._lock)
            {
                log._watchers.Remove(channel);
            }

            channel.Writer.TryComplete();
        }
    }
}
