using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Wire;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// Who is connected: at most one stream for each VM, and at most <see cref="MaxStreams"/> altogether.
/// </summary>
internal sealed class AgentFleet : IDesiredStateSink
{
    /// <summary>Streams that one controller serves.</summary>
    public const int MaxStreams = 10_000;

    private readonly ConcurrentDictionary<string, AgentSession> _sessions = new(StringComparer.Ordinal);
    private long _lastStream;

    /// <summary>Number of streams.</summary>
    public int Connected => _sessions.Count;

    /// <summary>All streams, of this moment.</summary>
    public IEnumerable<AgentSession> Sessions => _sessions.Values;

    /// <summary>
    /// What a VM is found by. MERGE: the one place where a VM's key becomes the string that the controller goes by.
    /// </summary>
    public static string KeyOf(VmKey vm) => vm.Id;

    /// <summary>Whether the VM has a stream.</summary>
    public bool IsConnected(string vmId) => _sessions.ContainsKey(vmId);

    /// <summary>The generation that was sent to the VM's present stream last, or 0.</summary>
    public long SentGeneration(string vmId) =>
        _sessions.TryGetValue(vmId, out var session) ? session.Sent.Generation : 0;

    /// <summary>
    /// Opens a session, which ends the VM's earlier one (<paramref name="replaced"/>); false when there are too many
    /// streams.
    /// </summary>
    public bool TryOpen(
        VmCredential credential, [NotNullWhen(true)] out AgentSession? session, out AgentSession? replaced)
    {
        ArgumentNullException.ThrowIfNull(credential);
        var vmId = KeyOf(credential.Vm);
        (session, replaced) = (null, null);
        if (_sessions.Count >= MaxStreams && !_sessions.ContainsKey(vmId))
        {
            return false;
        }

        var opened = new AgentSession(credential, Interlocked.Increment(ref _lastStream));
        AgentSession? ended = null;
        _sessions.AddOrUpdate(vmId, opened, (_, earlier) =>
        {
            ended = earlier;
            return opened;
        });
        ended?.End(StreamEnd.Replaced);
        (session, replaced) = (opened, ended);
        return true;
    }

    /// <summary>Ends the VM's stream, if it has one.</summary>
    public void End(VmKey vm, StreamEnd reason)
    {
        if (_sessions.TryGetValue(KeyOf(vm), out var session))
        {
            session.End(reason);
        }
    }

    /// <summary>Closes a session, unless another one has its place by now.</summary>
    public void Close(AgentSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _sessions.TryRemove(new KeyValuePair<string, AgentSession>(session.VmId, session));
    }

    /// <inheritdoc/>
    public void Push(
        string vmId, DesiredState desired, V1.Persona? persona, IReadOnlyList<LivePersona> staged,
        V1.Persona? shadow)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(staged);
        if (_sessions.TryGetValue(vmId, out var session))
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
    public void Watch(string vmId, IReadOnlyList<ProcessCondition> conditions)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        if (_sessions.TryGetValue(vmId, out var session))
        {
            session.Offer(new V1.Watch { Conditions = { conditions.Select(TriggerWriter.Write) } });
        }
    }
}
