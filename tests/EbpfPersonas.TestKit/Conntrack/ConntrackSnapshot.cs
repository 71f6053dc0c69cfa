namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// What both tables hold of one tuple at a moment: a confirmed flow, and one that is not confirmed (yet).
/// </summary>
public sealed record ConntrackSnapshot(FlowSnapshot? Confirmed, FlowSnapshot? New)
{
    /// <inheritdoc/>
    public override string ToString() => (Confirmed, New) switch
    {
        (null, null) => "no flow",
        (null, _) => $"a new {New}",
        (_, null) => $"a confirmed {Confirmed}",
        _ => $"a confirmed {Confirmed} and a new {New}",
    };
}
