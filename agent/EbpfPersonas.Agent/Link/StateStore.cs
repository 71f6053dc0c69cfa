using EbpfPersonas.Personas.Wire;
using Google.Protobuf;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// The desired states of the near past on disk. Whatever the datapath runs is always among them: a state is written as
/// pending before the switch and becomes the applied one after it. Only a confirmed state must outlive the machine, and
/// is flushed; what is only applied must outlive the process, for a machine that starts again starts with the confirmed
/// one. For one thread, and beside it one that confirms.
/// </summary>
internal sealed class StateStore(string directory, string vmId, Action<StateWriteStep>? at = null)
{
    private bool _pendingIsInForce;

    /// <summary>Where a generation is kept.</summary>
    public string PathOf(StateName name) => Path.Join(directory, $"state.{name.ToString().ToLowerInvariant()}");

    /// <summary>All four, whatever can be read of them.</summary>
    public IReadOnlyList<KeptState> Load()
    {
        var all = new List<KeptState>();
        byte[] content = [];
        foreach (var name in Enum.GetValues<StateName>())
        {
            all.Add(Load(name, ref content, all.LastOrDefault()));
        }

        return all;
    }

    /// <summary>
    /// The pending one turned out to be in force: the process before died at that moment. It is promoted when it can
    /// be.
    /// </summary>
    public void TakePendingAsApplied()
    {
        _pendingIsInForce = true;
        Promote();
    }

    /// <summary>
    /// Before a switch: keeps <paramref name="state"/> beside the one in force. Throws <see cref="IOException"/> that
    /// names the path, and then the switch must not be.
    /// </summary>
    public void Prepare(V1.StoredState state)
    {
        Directory.CreateDirectory(directory);
        if (_pendingIsInForce)
        {
            // Otherwise the only description of what is in force would be overwritten.
            Promote();
        }

        StateFile.Write(PathOf(StateName.Pending), state.ToByteArray(), durable: false, at);
    }

    /// <summary>
    /// After the switch. Throws <see cref="IOException"/>; nothing is lost then, the pending file describes what is in
    /// force.
    /// </summary>
    public void Promote()
    {
        _pendingIsInForce = true;
        File.Move(PathOf(StateName.Pending), PathOf(StateName.Applied), overwrite: true);
        _pendingIsInForce = false;
    }

    /// <summary>The switch did not happen. What cannot be deleted is harmless: nothing ever runs it.</summary>
    public void Drop()
    {
        try
        {
            File.Delete(PathOf(StateName.Pending));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It will be overwritten.
        }
    }

    /// <summary>
    /// The applied <paramref name="state"/> is confirmed; the one that was, if it is another, stays as the previous
    /// one. Throws <see cref="IOException"/>, and then the older ones are there.
    /// </summary>
    public void Confirm(V1.StoredState state)
    {
        Directory.CreateDirectory(directory);
        var confirmed = PathOf(StateName.Confirmed);
        byte[] none = [];
        if (Load(StateName.Confirmed, ref none, before: null) is { State: { } before })
        {
            if (before.Equals(state))
            {
                return;
            }

            if (!before.Desired.Equals(state.Desired) || before.ControllerId != state.ControllerId)
            {
                StateFile.Write(PathOf(StateName.Previous), before.ToByteArray(), durable: true, at);
            }
        }

        StateFile.Write(confirmed, state.ToByteArray(), durable: true, at);
    }

    /// <summary>
    /// What was confirmed is mostly what was applied: where <paramref name="content"/>, out of which
    /// <paramref name="before"/> was made, comes again, so does that. A large persona is read once.
    /// </summary>
    private KeptState Load(StateName name, ref byte[] content, KeptState? before)
    {
        var path = PathOf(name);
        try
        {
            var found = StateFile.Read(path);
            if (before is { State: not null } && found.AsSpan().SequenceEqual(content))
            {
                return before with { Name = name };
            }

            content = found;
            var state = V1.StoredState.Parser.ParseFrom(found);
            if (state.VmId != vmId)
            {
                throw new StateFileException(
                    StateFault.OtherVm, path, $"belongs to VM '{state.VmId}', this one is '{vmId}'.");
            }

            return new KeptState(name)
            {
                State = state.Desired is not null ? state : throw new FormatException("no desired state is in it."),
                Persona = state.Desired.Persona is { } wire ? PersonaReader.Read(wire) : null,
                Staging = StagingReader.Read(state.Desired),
            };
        }
        catch (StateFileException unusable)
        {
            return new KeptState(name) { Fault = unusable.Fault, Message = unusable.Message };
        }
        catch (Exception unreadable) when (unreadable is InvalidProtocolBufferException or FormatException)
        {
            return new KeptState(name) { Fault = StateFault.Damaged, Message = $"{path}: {unreadable.Message}" };
        }
    }
}
