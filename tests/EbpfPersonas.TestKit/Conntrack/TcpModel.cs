using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// What a TCP segment does to its flow: RFC 9293 seen from between the two ends (G. van Rooij, "Real stateful TCP
/// packet filtering in IP Filter", 2001).
/// </summary>
public static class TcpModel
{
    /// <summary>Room of a side of which only the middle was seen: more than any window (RFC 7323).</summary>
    private const uint AnyWindow = 1 << 30;

    /// <summary>
    /// How far an acknowledgment may lag behind, at least, in octets: more than any window that is not scaled.
    /// </summary>
    private const uint LeastLag = 66000;

    private const byte LargestScale = 14;

    /// <summary>A SYN began the flow.</summary>
    public static void Open(TrackedFlow flow, in TcpSegment syn)
    {
        ArgumentNullException.ThrowIfNull(flow);
        var sender = flow.Side(flow.Originator);
        sender.Scale = ScaleOf(syn);
        sender.End = syn.End;
        sender.MaxEnd = unchecked(syn.Sequence + 1);
        sender.MaxWindow = syn.RoomOf(sender);
    }

    /// <summary>The flow was met in its middle: nothing is known, so everything is possible.</summary>
    public static void PickUp(TrackedFlow flow, in TcpSegment segment)
    {
        ArgumentNullException.ThrowIfNull(flow);
        var (sender, receiver) = (flow.Side(flow.Originator), flow.Opposite(flow.Originator));
        flow.Marks |= FlowMarks.PickedUp;
        sender.Scale = LargestScale;
        receiver.Scale = LargestScale;
        sender.End = segment.End;
        sender.MaxEnd = unchecked(segment.End + AnyWindow);
        sender.MaxWindow = segment.RoomOf(sender);
        receiver.End = segment.Acknowledgment;
        receiver.MaxEnd = unchecked(segment.Acknowledgment + segment.RoomOf(sender));
        receiver.MaxWindow = AnyWindow;
    }

    /// <summary>Whether the segment can belong to the connection as it was seen so far.</summary>
    public static bool IsValid(TrackedFlow flow, Direction direction, in TcpSegment segment)
    {
        ArgumentNullException.ThrowIfNull(flow);
        var (sender, receiver) = (flow.Side(direction), flow.Opposite(direction));
        var isOriginator = direction == flow.Originator;
        if (flow.IsUnanswered)
        {
            // Until the answer the originator may repeat itself, break off, or send what belongs to its SYN (TCP Fast
            // Open); the other side answers or refuses, and proves that it saw the SYN.
            return isOriginator
                ? SequenceNumber.IsBetween(segment.Sequence, unchecked(sender.MaxEnd - 1), sender.End)
                : segment.HasAck && (segment.HasSyn || segment.HasRst)
                    && SequenceNumber.IsBetween(segment.Acknowledgment, receiver.MaxEnd, receiver.End);
        }

        var isInWindow = segment.HasRst
            ? SequenceNumber.IsBetween(
                segment.Sequence, unchecked(sender.MaxEnd - receiver.MaxWindow - 1), sender.MaxEnd)
            : SequenceNumber.IsAtMost(segment.Sequence, sender.MaxEnd)
                && SequenceNumber.IsAtLeast(segment.End, unchecked(sender.End - receiver.MaxWindow - 1));
        return isInWindow
            && (!segment.HasAck || flow.Has(FlowMarks.PickedUp) || Acknowledges(sender, receiver, segment));
    }

    /// <summary>A valid segment passed, and no reset before it.</summary>
    public static void Update(TrackedFlow flow, Direction direction, in TcpSegment segment)
    {
        ArgumentNullException.ThrowIfNull(flow);
        if (segment.HasRst)
        {
            // Elsewhere in the window the receiver asks back, and the sender repeats it here (RFC 5961 section 3).
            if (flow.IsUnanswered || segment.Sequence == flow.Side(direction).End)
            {
                flow.Marks |= FlowMarks.Reset;
            }
        }
        else if (flow.IsUnanswered)
        {
            if (direction != flow.Originator)
            {
                Answer(flow, direction, segment);
            }
        }
        else
        {
            GoOn(flow, direction, segment);
        }
    }

    /// <summary>
    /// Whether an ICMP error about a segment with this number can be about one that was sent not long ago.
    /// </summary>
    public static bool MayBeQuoted(TrackedFlow flow, Direction direction, uint sequence)
    {
        ArgumentNullException.ThrowIfNull(flow);
        var (sender, receiver) = (flow.Side(direction), flow.Opposite(direction));
        return flow.Has(FlowMarks.PickedUp) || SequenceNumber.IsBetween(
            sequence, unchecked(sender.End - Math.Max(receiver.MaxWindow, LeastLag)), sender.End);
    }

    /// <summary>What the other side sent, and not too long ago.</summary>
    private static bool Acknowledges(TcpSide sender, TcpSide receiver, in TcpSegment segment) =>
        SequenceNumber.IsBetween(
            segment.Acknowledgment,
            unchecked(receiver.End - Math.Max(sender.MaxWindow, LeastLag) - 1),
            receiver.End);

    private static void Answer(TrackedFlow flow, Direction direction, in TcpSegment answer)
    {
        var (sender, receiver) = (flow.Side(direction), flow.Opposite(direction));
        flow.Marks |= FlowMarks.Answered;
        sender.Scale = ScaleOf(answer);
        sender.End = answer.End;
        sender.MaxEnd = unchecked(answer.End + receiver.MaxWindow);
        sender.MaxWindow = answer.RoomOf(sender);
        receiver.MaxEnd = unchecked(answer.Acknowledgment + answer.RoomOf(sender));
        if (sender.Scale is null || receiver.Scale is null)
        {
            // Only where both say that they use it (RFC 7323 section 2.2).
            sender.Scale = 0;
            receiver.Scale = 0;
        }
    }

    private static void GoOn(TrackedFlow flow, Direction direction, in TcpSegment segment)
    {
        var (sender, receiver) = (flow.Side(direction), flow.Opposite(direction));
        sender.MaxWindow = Math.Max(sender.MaxWindow, segment.WindowOf(sender));
        if (SequenceNumber.IsAfter(segment.End, sender.End))
        {
            sender.End = segment.End;
        }

        var room = unchecked(segment.Acknowledgment + segment.RoomOf(sender));
        if (segment.HasAck && SequenceNumber.IsAfter(room, receiver.MaxEnd))
        {
            receiver.MaxEnd = room;
        }

        if (direction != flow.Originator)
        {
            flow.Marks |= FlowMarks.Answered;
        }

        if (segment.HasFin)
        {
            flow.Marks |= direction == Direction.Ingress ? FlowMarks.FinIngress : FlowMarks.FinEgress;
        }
    }

    /// <summary>More than 14 counts as 14 (RFC 7323 section 2.3).</summary>
    private static byte? ScaleOf(in TcpSegment segment) =>
        segment.WindowScale is { } scale ? Math.Min(scale, LargestScale) : null;
}
