using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// What the datapath should say of packets in a row, as plainly as it can be written: the failsafe, conntrack and
/// epochs around
/// <see cref="ReferenceVerdict"/>. The operator's failsafe list is empty, conntrack never fills or forgets, and there
/// is no limit to how many senders are told that their packet was rejected.
/// </summary>
public sealed class ReferenceDatapath(Persona? persona)
{
    private static readonly Persona NoPersona = new()
    {
        Name = "none",
        Revision = 1,
        DefaultIngress = RuleAction.Allow,
        DefaultEgress = RuleAction.Allow,
        Rules = [],
    };

    private readonly Dictionary<FlowKey, Flow> _flows = [];
    private readonly Dictionary<PartKey, CasePacket> _firstParts = [];
    private Persona? _persona = persona;
    private int _epoch;

    /// <summary>Makes <paramref name="persona"/> active under a new epoch; null is no persona.</summary>
    public void Switch(Persona? persona)
    {
        _persona = persona;
        _epoch++;
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
            return Held("fragment");
        }

        var decision = DecideWhole(packet);
        if (packet.Fragment == Fragment.First && !IsStopped(decision))
        {
            _firstParts[PartKey.Of(packet)] = packet;
        }

        return decision;
    }

    private Expectation Held(string reason) => _persona is null
        ? new Expectation("forwarded", "no_persona", null)
        : new Expectation(_persona.Mode == EnforcementMode.Audit ? "audit" : "dropped", reason, null);

    private Expectation DecideWhole(CasePacket packet)
    {
        Expectation decision;
        if (PacketFaults.Find(packet) is { } fault)
        {
            decision = new Expectation(_persona?.Mode == EnforcementMode.Audit ? "audit" : "dropped", fault, null);
        }
        else if (PacketFaults.IsFailsafe(packet) || (QuotedBy(packet) is { } about && PacketFaults.IsFailsafe(about)))
        {
            return new Expectation("forwarded", "failsafe", null);
        }
        else
        {
            decision = DecideByPersona(packet);
        }

        return _persona is null ? new Expectation("forwarded", "no_persona", null) : Told(packet, decision);
    }

    private Expectation DecideByPersona(CasePacket packet)
    {
        // 1. An ICMP error belongs to the flow that it quotes.
        if (QuotedBy(packet) is { } quoted && FlowKey.Of(quoted) is { } quotedKey
            && _flows.TryGetValue(quotedKey, out var related))
        {
            var decision = DecideByFlow(quotedKey, related);
            return decision.Verdict == "forwarded" ? decision with { Reason = "related_icmp" } : decision;
        }

        // 2. A flow that passed goes on; a pure SYN never belongs to one.
        var key = FlowKey.Of(packet);
        if (key is { } known && !packet.OpensConnection() && _flows.TryGetValue(known, out var flow))
        {
            return DecideByFlow(known, flow);
        }

        // 3. Nobody begins anything with an address that is nobody's.
        if (PacketFaults.IsMartian(packet))
        {
            return Held("martian");
        }

        // 4. The rules. A TCP packet in the middle of a connection may be of either end's.
        var eitherWay = packet.Protocol == IpProtocol.Tcp && !packet.Flags.HasFlag(TcpControl.Syn);
        var judged = Judge(packet, packet.Direction, eitherWay);
        if (key is { } fresh && !IsStopped(judged.Said) && packet.MayMakeFlow())
        {
            _flows[fresh] = new Flow(_epoch, packet, judged.Originator, eitherWay, judged.Said);
        }

        return judged.Said;
    }

    /// <summary>The packet that an ICMP error quotes, where the error goes to the one who sent it.</summary>
    private static CasePacket? QuotedBy(CasePacket packet) =>
        packet.IsIcmpError() && packet.Quoted is { Fragment: Fragment.Whole, Cut: null or >= 8 } quoted &&
        quoted.Direction != packet.Direction &&
        (packet.Direction == Direction.Ingress || packet.Remote == quoted.Remote)
            ? quoted
            : null;

    private Expectation DecideByFlow(FlowKey key, Flow flow)
    {
        if (flow.Epoch == _epoch)
        {
            return flow.Said.Verdict == "audit" ? flow.Said : flow.Said with { Reason = "established" };
        }

        var (originator, said) = Judge(flow.First, flow.Originator, flow.PickedUp);
        if (IsStopped(said))
        {
            _flows.Remove(key);
            return said with { Reason = "persona_switch" };
        }

        _flows[key] = flow with { Epoch = _epoch, Originator = originator, Said = said };
        return said.Verdict == "forwarded" ? said with { Reason = "reevaluated" } : said;
    }

    private (Direction Originator, Expectation Said) Judge(CasePacket packet, Direction originator, bool eitherWay)
    {
        var persona = _persona ?? NoPersona;
        var own = ReferenceVerdict.Judge(persona, packet.AsFirstPacket(originator));
        if (eitherWay && own.Action != RuleAction.Allow)
        {
            var other = originator == Direction.Ingress ? Direction.Egress : Direction.Ingress;
            var reply = ReferenceVerdict.Judge(persona, packet.AsFirstPacket(other));
            if (reply.Action == RuleAction.Allow)
            {
                return (other, InWords(persona, reply));
            }
        }

        return (originator, InWords(persona, own));
    }

    /// <summary>A verdict of the reference on a first packet in the datapath's words.</summary>
    public static Expectation InWords(Persona persona, Verdict verdict, CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(persona);
        ArgumentNullException.ThrowIfNull(verdict);
        ArgumentNullException.ThrowIfNull(packet);
        return PacketFaults.IsMartian(packet)
            ? new Expectation(persona.Mode == EnforcementMode.Audit ? "audit" : "dropped", "martian", null)
            : Told(packet, InWords(persona, verdict));
    }

    /// <summary>Rejected is what the sender is told; where that may not be, the packet is dropped.</summary>
    private static Expectation Told(CasePacket packet, Expectation said) =>
        said.Verdict == "rejected" && !packet.MayBeAnswered() ? said with { Verdict = "dropped" } : said;

    private static bool IsStopped(Expectation said) => said.Verdict is "dropped" or "rejected";

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

    private sealed record Flow(int Epoch, CasePacket First, Direction Originator, bool PickedUp, Expectation Said);

    /// <summary>The same for both directions; an echo keeps its identifier on the side of the one who asked.</summary>
    private readonly record struct FlowKey(byte Protocol, IpAddress Remote, ushort RemotePort, ushort LocalPort)
    {
        /// <summary>Null for ICMP that is no echo: each message stands for itself.</summary>
        public static FlowKey? Of(CasePacket packet)
        {
            if (!packet.IsIcmp)
            {
                return new FlowKey(packet.Protocol, packet.Remote, packet.RemotePort, packet.LocalPort);
            }

            if (!packet.IsEcho())
            {
                return null;
            }

            return packet.IsEchoRequest() == (packet.Direction == Direction.Egress)
                ? new FlowKey(packet.Protocol, packet.Remote, 0, packet.EchoId)
                : new FlowKey(packet.Protocol, packet.Remote, packet.EchoId, 0);
        }
    }
}
