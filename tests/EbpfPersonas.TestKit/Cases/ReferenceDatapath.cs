using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Conntrack;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// What the datapath should say of packets in a row, as plainly as it can be written: the failsafe and
/// <see cref="FlowModel"/> around <see cref="ReferenceVerdict"/>. The operator's failsafe list is empty, and there is
/// no limit to how many senders are told that their packet was rejected.
/// </summary>
public sealed class ReferenceDatapath
{
    private static readonly Persona NoPersona = new()
    {
        Name = "none",
        Revision = 1,
        DefaultIngress = RuleAction.Allow,
        DefaultEgress = RuleAction.Allow,
        Rules = [],
    };

    private readonly Dictionary<PartKey, CasePacket> _firstParts = [];
    private Persona? _persona;

    public ReferenceDatapath(Persona? persona)
    {
        Flows = new FlowModel(Judge);
        PutInForce(persona);
    }

    /// <summary>The flows that passed; their clock stands still unless it is set.</summary>
    public FlowModel Flows { get; }

    /// <summary>Makes <paramref name="persona"/> active under a new epoch; null is no persona.</summary>
    public void Switch(Persona? persona)
    {
        PutInForce(persona);
        Flows.Epoch++;
    }

    /// <summary>What becomes of the next packet.</summary>
    public Expectation Decide(CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        if (packet.Fragment == Fragment.Later && _firstParts.TryGetValue(PartKey.Of(packet), out var first))
        {
            packet = first with { Fragment = Fragment.Later, Flags = TcpControl.None };
        }
        else if (packet.Fragment == Fragment.Later)
        {
            return Told(packet, Held("fragment"));
        }

        var decision = DecideWhole(packet);
        if (packet.Fragment == Fragment.First && decision.Verdict is not ("dropped" or "rejected"))
        {
            _firstParts[PartKey.Of(packet)] = packet;
        }

        return decision;
    }

    private Expectation Held(string reason) => new(Flows.IsAudit ? "audit" : "dropped", reason, null);

    private Expectation DecideWhole(CasePacket packet)
    {
        Expectation decision;
        if (PacketFaults.Find(packet) is { } fault)
        {
            decision = Held(fault);
        }
        else if (PacketFaults.IsFailsafe(packet)
            || (packet.QuotedByError() is { } about && PacketFaults.IsFailsafe(about)))
        {
            return new Expectation("forwarded", "failsafe", null);
        }
        else
        {
            decision = Flows.Decide(packet);
        }

        return Told(packet, decision);
    }

    /// <summary>A verdict of the reference on a first packet in the datapath's words.</summary>
    public static Expectation InWords(Persona persona, Verdict verdict, CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(persona);
        ArgumentNullException.ThrowIfNull(verdict);
        ArgumentNullException.ThrowIfNull(packet);
        return (PacketFaults.Find(packet) ?? (PacketFaults.IsMartian(packet) ? "martian" : null)) is { } reason
            ? new Expectation(persona.Mode == EnforcementMode.Audit ? "audit" : "dropped", reason, null)
            : Answered(packet, InWords(persona, verdict));
    }

    private void PutInForce(Persona? persona)
    {
        _persona = persona;
        Flows.IsAudit = persona?.Mode == EnforcementMode.Audit;
        Flows.KeepsEstablished = persona?.KeepEstablished == true;
    }

    private Expectation Judge(CasePacket packet, bool eitherWay)
    {
        if (PacketFaults.IsMartian(packet))
        {
            return Held("martian");
        }

        var persona = _persona ?? NoPersona;
        var own = ReferenceVerdict.Judge(persona, packet.AsFirstPacket());
        if (eitherWay && own.Action != RuleAction.Allow)
        {
            var other = packet.Direction == Direction.Ingress ? Direction.Egress : Direction.Ingress;
            var reply = ReferenceVerdict.Judge(persona, packet.AsFirstPacket(other));
            if (reply.Action == RuleAction.Allow)
            {
                return InWords(persona, reply);
            }
        }

        return InWords(persona, own);
    }

    /// <summary>Without a persona everything passes, and says so.</summary>
    private Expectation Told(CasePacket packet, Expectation said) =>
        _persona is null ? new Expectation("forwarded", "no_persona", null) : Answered(packet, said);

    /// <summary>Rejected is what the sender is told; where that may not be, the packet is dropped.</summary>
    private static Expectation Answered(CasePacket packet, Expectation said) =>
        said.Verdict == "rejected" && !packet.MayBeAnswered() ? said with { Verdict = "dropped" } : said;

    private static Expectation InWords(Persona persona, Verdict verdict)
    {
        if (verdict.Action != RuleAction.Allow)
        {
            return new Expectation(
                persona.Mode == EnforcementMode.Audit ? "audit"
                    : verdict.Action == RuleAction.Reject ? "rejected" : "dropped",
                verdict.Rule is null ? "default_deny" : "denied_rule",
                verdict.Rule?.Id);
        }

        return verdict.Audited is { Action: not RuleAction.Allow } audited
            ? new Expectation("audit", "denied_rule", audited.Id)
            : new Expectation("forwarded", verdict.Rule is null ? "default_allow" : "allowed_rule", verdict.Rule?.Id);
    }

    /// <summary>Which datagram a part belongs to; frames of cases have one identification for all.</summary>
    private readonly record struct PartKey(Direction Direction, IpAddress Remote, byte Protocol)
    {
        public static PartKey Of(CasePacket packet) =>
            new(packet.Direction, packet.Remote, packet.Remote.IsV6 ? (byte)0 : packet.Protocol);
    }
}
