namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// Confirmed flows, of which there are <paramref name="capacity"/> at most, and those that are not, of which this model
/// forgets none.
/// </summary>
public sealed class TrackedFlows(FlowTimes times, int capacity)
{
    private readonly Dictionary<FlowTuple, TrackedFlow> _confirmed = [];
    private readonly Dictionary<FlowTuple, TrackedFlow> _new = [];

    /// <summary>The live flow of a tuple that is confirmed, or null.</summary>
    public TrackedFlow? FindConfirmed(FlowTuple tuple, TimeSpan now) => Live(_confirmed, tuple, now);

    /// <summary>The live flow of a tuple that is not confirmed, or null; it may lie beside one that is.</summary>
    public TrackedFlow? FindNew(FlowTuple tuple, TimeSpan now) => Live(_new, tuple, now);

    /// <summary>
    /// A new flow takes the place of whatever is not confirmed, and of a confirmed one that is over.
    /// </summary>
    public void Add(TrackedFlow flow, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(flow);
        _new[flow.Tuple] = flow;
        if (FindConfirmed(flow.Tuple, now) is null or { IsClosed: true })
        {
            _confirmed.Remove(flow.Tuple);
        }
    }

    /// <summary>Whatever has the tuple.</summary>
    public void Remove(FlowTuple tuple)
    {
        RemoveConfirmed(tuple);
        _new.Remove(tuple);
    }

    public void RemoveConfirmed(FlowTuple tuple) => _confirmed.Remove(tuple);

    /// <summary>Moves a flow to the confirmed ones; false where they are full, and then nothing changes.</summary>
    public bool TryConfirm(TrackedFlow flow, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(flow);
        if (_confirmed.Count >= capacity)
        {
            foreach (var over in _confirmed.Values.Where(some => some.IsClosed || !IsLive(some, now)).ToList())
            {
                _confirmed.Remove(over.Tuple);
            }
        }

        if (_confirmed.Count >= capacity)
        {
            return false;
        }

        _new.Remove(flow.Tuple);
        _confirmed[flow.Tuple] = flow;
        flow.Marks |= FlowMarks.Confirmed;
        return true;
    }

    private TrackedFlow? Live(Dictionary<FlowTuple, TrackedFlow> table, FlowTuple tuple, TimeSpan now) =>
        table.TryGetValue(tuple, out var flow) && IsLive(flow, now) ? flow : null;

    private bool IsLive(TrackedFlow flow, TimeSpan now) => now - flow.LastSeen < times.Of(flow);
}
