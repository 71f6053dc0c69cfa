using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Wire;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// Who is connected: at most one stream for each VM, and at most <see cref="MaxStreams"/> altogether.
/// </summary>
internal sealed class AgentFleet(ControllerSettings settings) : IDesiredStateSink
{
    /// <summary>Streams that one controller serves.</summary>
    public const int MaxStreams = 10_000;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<VmKey, AgentSession> _sessions = new();
    private long _lastStream;

    /// <summary>Number of a tenant's streams.</summary>
    public int CountConnected(string tenant) => _sessions.Keys.Count(key => key.Tenant == tenant);

    /// <summary>All streams, of this moment.</summary>
    public IEnumerable<AgentSession> Sessions => _sessions.Values;

    /// <summary>Whether the VM has a stream.</summary>
    public bool IsConnected(VmKey key) => _sessions.ContainsKey(key);

    /// <summary>The generation that was sent to the VM's present stream last, or 0.</summary>
    public long SentGeneration(VmKey key) =>
        _sessions.TryGetValue(key, out var session) ? session.Sent.Generation : 0;

    /// <summary>
    /// Opens a session, which ends the VM's earlier one (<paramref name="replaced"/>); false when there are too many
    /// streams.
    /// </summary>
    public bool TryOpen(
        VmCredential credential, [NotNullWhen(true)] out AgentSession? session, out AgentSession? replaced)
    {
        ArgumentNullException.ThrowIfNull(credential);
        (session, replaced) = (null, null);
        if (_sessions.Count >= MaxStreams && !_sessions.ContainsKey(credential.Vm))
        {
            return false;
        }

        var opened = new AgentSession(
            credential, Interlocked.Increment(ref _lastStream), settings.Patience.Write);
        AgentSession? ended = null;
        _sessions.AddOrUpdate(credential.Vm, opened, (_, earlier) =>
        {
            ended = earlier;
            return opened;
        });
        ended?.End(StreamEnd.Replaced);
        (session, replaced) = (opened, ended);
        return true;
    }

    /// <summary>
    /// Ends the VM's stream, if it has one; when this returns nothing more comes by it, or it is more than
    /// <see cref="EndPatience"/> ago.
    /// </summary>
    public async Task EndAsync(VmKey vm, StreamEnd reason)
    {
        if (_sessions.TryGetValue(vm, out var session))
        {
            session.End(reason);
            await Task.WhenAny(session.Closed, Task.Delay(EndPatience));
        }
    }

    /// <summary>Closes a session, unless another one has its place by now.</summary>
    public void Close(AgentSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _sessions.TryRemove(new KeyValuePair<VmKey, AgentSession>(session.Vm, session));
        session.Close();
    }

    /// <inheritdoc/>
    public void Push(
        VmKey key, DesiredState desired, V1.Persona? persona, IReadOnlyList<LivePersona> staged,
        V1.Persona? shadow)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(staged);
        if (_sessions.TryGetValue(key, out var session))
        {
            session.Offer(new V1.DesiredState
            {
                Generation = (ulong)desired.Generation,
                Persona = persona,
                Cause = desired.Sentence,
                Staged = { staged.Select(one => StagingWriter.Write(one.Binding, one.Wire)) },
                FloorRank = (uint)desired.Staged.FloorRank,
                Shadow = shadow,
            });
        }
    }

    /// <inheritdoc/>
    public void Watch(VmKey key, IReadOnlyList<ProcessCondition> conditions)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        if (_sessions.TryGetValue(key, out var session))
        {
            session.Offer(new V1.Watch { Conditions = { conditions.Select(TriggerWriter.Write) } });
        }
    }
}
