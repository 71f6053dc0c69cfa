using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>What is known of a TCP flow at a moment, to be compared.</summary>
public sealed record FlowSnapshot(FlowMarks Marks, Direction Originator, SideSnapshot Ingress, SideSnapshot Egress)
{
    /// <summary>Null of none.</summary>
    public static FlowSnapshot? Of(TrackedFlow? flow) => flow is null
        ? null
        : new FlowSnapshot(
            flow.Marks, flow.Originator, Of(flow.Side(Direction.Ingress)), Of(flow.Side(Direction.Egress)));

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Originator} flow ({Marks}), ingress {Ingress}, egress {Egress}");

    private static SideSnapshot Of(TcpSide side) => new(side.End, side.MaxEnd, side.MaxWindow, side.Scale);
}
