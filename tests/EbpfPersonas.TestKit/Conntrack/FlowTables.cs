namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// Confirmed flows, of which there are <paramref name="capacity"/> at most, and the others, of which this model forgets
/// none.
/// </summary>
public sealed class FlowTables(FlowTimes times, int capacity)
{
    private readonly Dictionary<FlowTuple, TrackedFlow> _confirmed = [];
    private readonly Dictionary<FlowTuple, TrackedFlow> _unconfirmed = [];

    /// <summary>The live flow of a tuple, or null.</summary>
    public TrackedFlow? Find(FlowTuple tuple, TimeSpan now) =>
        _confirmed.TryGetValue(tuple, out var flow) && IsLive(flow, now) ? flow
        : _unconfirmed.TryGetValue(tuple, out flow) && IsLive(flow, now) ? flow
        : null;

    /// <summary>A new flow takes the place of whatever had its tuple.</summary>
    public void Add(TrackedFlow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        _confirmed.Remove(flow.Tuple);
        _unconfirmed[flow.Tuple] = flow;
    }

    public void Remove(TrackedFlow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        _confirmed.Remove(flow.Tuple);
        _unconfirmed.Remove(flow.Tuple);
    }

    /// <summary>Moves a flow to the confirmed ones; false where they are full, and then nothing changes.</summary>
    public bool TryConfirm(TrackedFlow flow, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(flow);
        if (_confirmed.Count >= capacity)
        {
            foreach (var expired in _confirmed.Values.Where(some => !IsLive(some, now)).ToList())
            {
                _confirmed.Remove(expired.Tuple);
            }
        }

        if (_confirmed.Count >= capacity && !_confirmed.ContainsKey(flow.Tuple))
        {
            return false;
        }

        _unconfirmed.Remove(flow.Tuple);
        _confirmed[flow.Tuple] = flow;
        flow.Marks |= FlowMarks.Confirmed;
        return true;
    }

    private bool IsLive(TrackedFlow flow, TimeSpan now) => now - flow.LastSeen < times.Of(flow);
}
