using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Conntrack;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// What the datapath should say of packets in a row, as plainly as it can be written: the failsafe and
/// <see cref="FlowModel"/> around <see cref="ReferenceVerdict"/>. The operator's failsafe list is empty, and there is no
/// limit to how many senders are told that their packet was rejected.
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
        Expectation decision;
        if (PacketFaults.Find(packet) is { } fault)
        {
            decision = new Expectation(Flows.IsAudit ? "audit" : "dropped", fault, null);
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

        return _persona is null ? new Expectation("forwarded", "no_persona", null) : Told(packet, decision);
    }

    /// <summary>A verdict of the reference on a first packet in the datapath's words.</summary>
    public static Expectation InWords(Persona persona, Verdict verdict, CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(persona);
        ArgumentNullException.ThrowIfNull(verdict);
        ArgumentNullException.ThrowIfNull(packet);
        return Told(packet, InWords(persona, verdict));
    }

    private void PutInForce(Persona? persona)
    {
        _persona = persona;
        Flows.IsAudit = persona?.Mode == EnforcementMode.Audit;
    }

    private Expectation Judge(CasePacket packet, bool eitherWay)
    {
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

    /// <summary>Rejected is what the sender is told; where that may not be, the packet is dropped.</summary>
    private static Expectation Told(CasePacket packet, Expectation said) =>
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
}
