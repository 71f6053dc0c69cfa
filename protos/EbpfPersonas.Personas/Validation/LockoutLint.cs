using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Validation;

/// <summary>
/// Warns of a persona that lets nobody manage its VM: no way to the controller, to any DNS server, or for anybody by
/// ssh. What is found is so; a rule set that mixes its allow and deny rules too much is not judged.
/// </summary>
internal static class LockoutLint
{
    private const string Pointer = "/network_profile";
    private const ushort Dns = 53;
    private const ushort Ssh = 22;

    /// <summary>
    /// How often what is denied so far is put together; once is enough for rules as they are written.
    /// </summary>
    private const int MaxUnions = 64;

    /// <summary>
    /// <paramref name="controllers"/>: where agents reach the controller; none where that is not known.
    /// </summary>
    public static void Check(
        Persona persona, IReadOnlyCollection<(IpAddress Address, ushort Port)> controllers, Findings findings)
    {
        if (persona.Mode == EnforcementMode.Audit)
        {
            return;
        }

        if (controllers.Count > 0 && controllers.All(controller => !Reaches(persona, controller)))
        {
            var places = string.Join(", ", controllers.Select(
                controller => new System.Net.IPEndPoint(controller.Address.ToIPAddress(), controller.Port)));
            findings.Warn(Pointer, FindingCode.CutsController,
                $"It denies the way to the controller at {places}. An agent that connects there itself still does, " +
                "by its failsafe; one that goes through a relay or a proxy does not.");
        }

        if (!Admits(persona, Direction.Egress, IpProtocol.Udp, Dns)
            && !Admits(persona, Direction.Egress, IpProtocol.Tcp, Dns))
        {
            findings.Warn(Pointer, FindingCode.CutsDns,
                "It denies port 53 to every address: the VM's programs can ask no DNS server. What still passes is " +
                "what the agent's failsafe lists, and its resolver where the agent is given its controller by name.");
        }

        if (!Admits(persona, Direction.Ingress, IpProtocol.Tcp, Ssh))
        {
            findings.Warn(Pointer, FindingCode.CutsSsh,
                "It denies port 22 from every address: nobody can log in by ssh. What still passes is what the " +
                "agent's failsafe lists.");
        }
    }

    private static bool Reaches(Persona persona, (IpAddress Address, ushort Port) controller) =>
        ReferenceVerdict.Judge(
            persona, new Packet(Direction.Egress, IpProtocol.Tcp, controller.Address, controller.Port))
            .Action == RuleAction.Allow;

    /// <summary>Whether a flow with any peer is allowed.</summary>
    private static bool Admits(Persona persona, Direction direction, byte protocol, ushort port)
    {
        var denied = new Denied();
        foreach (var rule in persona.Rules.Where(rule => rule.Mode == EnforcementMode.Enforce
            && rule.Direction == direction
            && (rule.Protocol ?? protocol) == protocol
            && (rule.Ports.IsEmpty || rule.Ports.Any(range => range.Contains(port)))
            && rule.Icmp is null))
        {
            var extent = RuleExtent.Of(rule);
            if (rule.Action != RuleAction.Allow)
            {
                denied.Add(extent);
            }
            else if (!denied.Covers(extent))
            {
                return true;
            }
        }

        return persona.Default(direction) == RuleAction.Allow && !denied.Covers(RuleExtent.OfEverybody(direction));
    }

    /// <summary>The peers that rules deny.</summary>
    private sealed class Denied
    {
        private readonly List<RuleExtent> _fresh = [];
        private IntervalSet _v4 = IntervalSet.Union([]);
        private IntervalSet _v6 = IntervalSet.Union([]);
        private int _unions;

        public void Add(RuleExtent extent) => _fresh.Add(extent);

        public bool Covers(RuleExtent extent)
        {
            if (_fresh.Count > 0)
            {
                if (++_unions > MaxUnions)
                {
                    return false;
                }

                _v4 = IntervalSet.Union([.. _v4.Intervals, .. _fresh.SelectMany(one => one.V4.Intervals)]);
                _v6 = IntervalSet.Union([.. _v6.Intervals, .. _fresh.SelectMany(one => one.V6.Intervals)]);
                _fresh.Clear();
            }

            return _v4.Contains(extent.V4) && _v6.Contains(extent.V6);
        }
    }
}
