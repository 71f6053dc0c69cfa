using System.Runtime.CompilerServices;
using System.Threading.Channels;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Protos.V1;
using Grpc.Core;
using DesiredState = EbpfPersonas.Protos.V1.DesiredState;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// One stream of one VM's agent. Its mailbox holds one desired state, one list of what is watched for, and one of who
/// is trusted: the newest replaces an older one that the agent was too slow to take.
/// </summary>
internal sealed class AgentSession : IDisposable
{
    // Whoever has news writes it to the stream himself, as far as that goes without waiting.
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
        SingleReader = true,
        AllowSynchronousContinuations = true,
    });
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _lock = new();
    private ulong _newest;
    private DesiredState? _desired;
    private Watch _watched = new();
    private bool _watchChanged;
    private TrustBundle? _trust;
    private bool _ready;
    private StreamEnd? _end;
    private volatile SentState _sent = new(0, 0);

    private readonly TimeSpan _writePatience;

    /// <summary>A message waits as long as <paramref name="writePatience"/> until the agent takes it.</summary>
    public AgentSession(VmCredential credential, long stream, TimeSpan writePatience)
    {
        _writePatience = writePatience;
        Credential = credential;
        Stream = stream;
        Ended = _ended.Token;
    }

    /// <summary>Who speaks, and what shows it.</summary>
    public VmCredential Credential { get; }

    public VmKey Vm => Credential.Vm;

    /// <summary>Completes when whoever serves the stream has done with it.</summary>
    public Task Closed => _closed.Task;

    /// <summary>The controller's number of the stream, from 1.</summary>
    public long Stream { get; }

    /// <summary>Cancelled when the controller ends the stream.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why the controller ended the stream; null where it did not.</summary>
    public StreamEnd? Ending => Volatile.Read(ref _end);

    /// <summary>The generation that was written to the stream last, and when; 0 before the first.</summary>
    public SentState Sent
    {
        get => _sent;
        set => _sent = value;
    }

    /// <summary>
    /// From now on states are taken. Before its first snapshot was judged, an agent gets nothing: what it would get
    /// might be wrong a moment later.
    /// </summary>
    public void MakeReady()
    {
        lock (_lock)
        {
            _ready = true;
        }
    }

    /// <summary>Puts a state into the mailbox, unless it or a newer one was there already.</summary>
    public void Offer(DesiredState desired)
    {
        ArgumentNullException.ThrowIfNull(desired);
        lock (_lock)
        {
            if (!_ready || desired.Generation <= _newest)
            {
                return;
            }

            (_newest, _desired) = (desired.Generation, desired);
        }

        _news.Writer.TryWrite(true);
    }

    /// <summary>Puts into the mailbox what is watched for, unless that is what it was.</summary>
    public void Offer(Watch watch)
    {
        ArgumentNullException.ThrowIfNull(watch);
        lock (_lock)
        {
            if (!_ready || watch.Equals(_watched))
            {
                return;
            }

            (_watched, _watchChanged) = (watch, true);
        }

        _news.Writer.TryWrite(true);
    }

    /// <summary>Puts into the mailbox who is trusted.</summary>
    public void Offer(TrustBundle trust)
    {
        ArgumentNullException.ThrowIfNull(trust);
        lock (_lock)
        {
            _trust = trust;
        }

        _news.Writer.TryWrite(true);
    }

    /// <summary>What is put into the mailbox, from now on.</summary>
    public async IAsyncEnumerable<ControllerMessage> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (await _news.Reader.WaitToReadAsync(cancellation))
        {
            _news.Reader.TryRead(out _);
            while (Take() is { } message)
            {
                yield return message;
            }
        }
    }

    /// <summary>
    /// Ends the stream, for the first reason that is given; nothing happens where it has ended by itself meanwhile.
    /// </summary>
    public void End(StreamEnd reason)
    {
        Interlocked.CompareExchange(ref _end, reason, null);
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Its own end came first.
        }
    }

    /// <summary>
    /// Writes to the stream, which takes one message at a time; ends it where that takes too long, which
    /// <paramref name="ended"/> has to come from.
    /// </summary>
    public async Task WriteAsync(
        IServerStreamWriter<ControllerMessage> stream, ControllerMessage message, CancellationToken ended)
    {
        ArgumentNullException.ThrowIfNull(stream);
        await _writing.WaitAsync(ended);
        try
        {
            var writing = stream.WriteAsync(message, ended);
            if (!writing.IsCompleted)
            {
                await using var patience = new Timer(
                    _ => End(StreamEnd.NotReading), null, _writePatience, Timeout.InfiniteTimeSpan);
                await writing;
            }
            else
            {
                await writing;
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Nothing more comes by the stream.</summary>
    public void Close() => _closed.TrySetResult();

    public void Dispose()
    {
        _ended.Dispose();
        _writing.Dispose();
    }

    private ControllerMessage? Take()
    {
        lock (_lock)
        {
            if (_desired is { } desired)
            {
                _desired = null;
                return new ControllerMessage { Desired = desired };
            }

            if (_watchChanged)
            {
                _watchChanged = false;
                return new ControllerMessage { Watch = _watched };
            }

            if (_trust is { } trust)
            {
                _trust = null;
                return new ControllerMessage { Trust = trust };
            }

            return null;
        }
    }

    /// <summary>A generation and the time stamp of its sending.</summary>
    internal sealed record SentState(long Generation, long Timestamp);
}
