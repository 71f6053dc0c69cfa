using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// Conntrack as plainly as it can be written: which packets belong to a flow that passed, and what that says of them.
/// <paramref name="judge"/> asks the rules in force about the first packet of a flow; where the second argument holds,
/// in either orientation, the packet's own first.
/// </summary>
public sealed class FlowModel(Func<CasePacket, bool, Expectation> judge, FlowTimes? times = null, int capacity = 65536)
{
    private readonly TrackedFlows _flows = new(times ?? new FlowTimes(), capacity);

    /// <summary>The clock: any zero, never backwards.</summary>
    public TimeSpan Now { get; set; }

    /// <summary>Grows by one with every switch of personas; flows of another one are judged again.</summary>
    public int Epoch { get; set; }

    /// <summary>Whether the persona in force drops nothing, but says what it would drop.</summary>
    public bool IsAudit { get; set; }

    /// <summary>Whether the persona in force lets go on what was answered before it came.</summary>
    public bool KeepsEstablished { get; set; }

    /// <summary>The live flow of a tuple that is confirmed, or null.</summary>
    public TrackedFlow? FindConfirmed(FlowTuple tuple) => _flows.FindConfirmed(tuple, Now);

    /// <summary>The live flow of a tuple that is not confirmed, or null; it may lie beside one that is.</summary>
    public TrackedFlow? FindNew(FlowTuple tuple) => _flows.FindNew(tuple, Now);

    /// <summary>The flow that the packets of a tuple belong to, or null.</summary>
    public TrackedFlow? Find(FlowTuple tuple) => FindConfirmed(tuple) ?? FindNew(tuple);

    /// <summary>What becomes of a packet that could be read and is not the failsafe's.</summary>
    public Expectation Decide(CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);

        // 1. An ICMP error belongs to the flow that it quotes, and does not refresh it: anybody can send one.
        if (packet.QuotedByError() is { } quoted && FindRelated(quoted) is { } related)
        {
            var said = Judge(related);
            return said.Verdict == "forwarded" ? said with { Reason = "related_icmp" } : said;
        }

        // 2. Other ICMP that is no echo stands for itself.
        if (FlowTuple.Of(packet) is not { } tuple)
        {
            return judge(packet, false);
        }

        // 3. A SYN is judged by itself, whatever flow had these ports before; the others go on with their flow.
        var flow = Find(tuple);
        return packet.OpensConnection() ? Open(packet, tuple)
            : flow is null ? Begin(packet, tuple)
            : packet.Fragment == Fragment.Later ? GoOnInParts(flow)
            : packet.Protocol == IpProtocol.Tcp ? GoOnTcp(packet, flow)
            : GoOn(packet, flow);
    }

    private static bool IsStopped(Expectation said) => said.Verdict is "dropped" or "rejected";

    /// <summary>What passes begins a flow; but not with an address that is nobody's, audited or not.</summary>
    private static bool Begins(Expectation said) => !IsStopped(said) && said.Reason != "martian";

    private TrackedFlow? FindRelated(CasePacket quoted) =>
        FlowTuple.Of(quoted) is { } tuple && Find(tuple) is { } flow
        && (quoted.Protocol != IpProtocol.Tcp || TcpModel.MayBeQuoted(flow, quoted.Direction, quoted.Sequence))
            ? flow
            : null;

    /// <summary>
    /// A confirmed flow that is not over stays beside the new one: the other end may know it no more, and only its
    /// answer tells.
    /// </summary>
    private Expectation Open(CasePacket packet, FlowTuple tuple)
    {
        var said = judge(packet, false);
        if (!Begins(said))
        {
            return said;
        }

        var syn = TcpSegment.Of(packet);
        if (FindNew(tuple) is { } waiting && IsRepeated(waiting, packet.Direction, syn))
        {
            waiting.LastSeen = Now;
            return said;
        }

        var opened = new TrackedFlow(tuple, packet, said, Epoch, Now);
        TcpModel.Open(opened, syn);
        _flows.Add(opened, Now);
        return said;
    }

    /// <summary>The same SYN once more.</summary>
    private bool IsRepeated(TrackedFlow waiting, Direction direction, in TcpSegment syn) =>
        direction == waiting.Originator && waiting.Epoch == Epoch && !waiting.Has(FlowMarks.Reset)
        && syn.End == waiting.Side(direction).End;

    private Expectation Begin(CasePacket packet, FlowTuple tuple)
    {
        var isTcp = packet.Protocol == IpProtocol.Tcp;
        var isMidStream = isTcp && !packet.Flags.HasFlag(TcpControl.Syn);
        var said = judge(packet, isMidStream);
        if (Begins(said) && packet.MayMakeFlow())
        {
            var begun = new TrackedFlow(tuple, packet, said, Epoch, Now);
            if (isTcp)
            {
                TcpModel.PickUp(begun, TcpSegment.Of(packet));
            }

            _flows.Add(begun, Now);
        }

        return said;
    }

    /// <summary>A later part of a datagram says nothing but that it is there.</summary>
    private Expectation GoOnInParts(TrackedFlow flow)
    {
        var said = Judge(flow);
        if (!IsStopped(said) && !flow.Has(FlowMarks.Reset))
        {
            flow.LastSeen = Now;
        }

        return said;
    }

    private Expectation GoOn(CasePacket packet, TrackedFlow flow)
    {
        var said = Judge(flow);
        if (IsStopped(said))
        {
            return said;
        }

        flow.LastSeen = Now;
        if (packet.Direction != flow.Originator)
        {
            flow.Marks |= FlowMarks.Answered;
            return said;
        }

        // Anybody can write any sender's address: what an answer is sent to proves nothing but in TCP.
        return flow.Originator == Direction.Egress ? Confirmed(flow, said) : said;
    }

    private Expectation GoOnTcp(CasePacket packet, TrackedFlow flow)
    {
        var segment = TcpSegment.Of(packet);
        var isValid = TcpModel.IsValid(flow, packet.Direction, segment);

        if (!isValid && segment.Answers && flow.Has(FlowMarks.Confirmed))
        {
            return Answer(packet, flow);
        }

        if (!isValid && segment.HasRst && flow.IsUnanswered && packet.Direction == flow.Originator)
        {
            // Of an end that learns, by an answer to something older, what the other one still holds open.
            return Judge(flow);
        }

        // What would end or begin something must fit; what only carries data is the receiver's to judge.
        if (!isValid && (segment.HasRst || segment.HasFin || segment.Answers || flow.IsClosed))
        {
            return new Expectation(IsAudit ? "audit" : "dropped", "invalid_packet", null);
        }

        var said = Judge(flow);
        if (!isValid || IsStopped(said) || flow.Has(FlowMarks.Reset))
        {
            return said;
        }

        flow.LastSeen = Now;
        TcpModel.Update(flow, packet.Direction, segment);
        return segment.HasAck && !segment.HasRst && packet.Direction == flow.Originator ? Confirmed(flow, said) : said;
    }

    /// <summary>Answers the SYN that came after a flow was confirmed: then that flow is over.</summary>
    private Expectation Answer(CasePacket packet, TrackedFlow confirmed)
    {
        if (FindNew(confirmed.Tuple) is not { } opened)
        {
            return Begin(packet, confirmed.Tuple);
        }

        var said = GoOnTcp(packet, opened);
        if (opened.Has(FlowMarks.Answered))
        {
            _flows.RemoveConfirmed(confirmed.Tuple);
        }

        return said;
    }

    /// <summary>The originator goes on after the answer, so both ends are there: the flow is kept.</summary>
    private Expectation Confirmed(TrackedFlow flow, Expectation said) =>
        !flow.Has(FlowMarks.Answered) || flow.Has(FlowMarks.Confirmed) || _flows.TryConfirm(flow, Now)
            ? said
            : said with { Verdict = IsAudit ? "audit" : "dropped", Reason = "conntrack_full" };

    /// <summary>What the flow's verdict says of its next packet; a new persona judges it again first.</summary>
    private Expectation Judge(TrackedFlow flow)
    {
        if (flow.Epoch == Epoch)
        {
            return flow.Said.Verdict == "audit" ? flow.Said : flow.Said with { Reason = "established" };
        }

        var said = judge(flow.First, flow.Has(FlowMarks.PickedUp));
        if (!IsStopped(said))
        {
            (flow.Epoch, flow.Said) = (Epoch, said);
            return said.Verdict == "forwarded" ? said with { Reason = "reevaluated" } : said;
        }

        if (KeepsEstablished && flow.Has(FlowMarks.Answered))
        {
            (flow.Epoch, flow.Said) = (Epoch, new Expectation("forwarded", "established", null));
            return flow.Said;
        }

        _flows.Remove(flow.Tuple);
        return said with { Reason = "persona_switch" };
    }
}
