using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Personas.Tests.Fuzzing;

/// <summary>Random packets go where a classifier can be wrong, in large rule sets as well as in small ones.</summary>
public sealed class RandomPacketTests
{
    private const int Packets = 3000;

    public static TheoryData<string, int> Sets
    {
        get
        {
            var sets = new TheoryData<string, int>();
            foreach (var kind in RuleSetCatalog.All)
            {
                sets.Add(kind.Name, 20);
                sets.Add(kind.Name, 3000);
            }

            return sets;
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Packets_meet_rules_and_stand_at_both_sides_of_borders(string name, int rules)
    {
        var persona = RuleSetCatalog.All.Single(kind => kind.Name == name)
            .Make(new RuleSetShape(rules, RuleSetFamilies.Both));
        var lasts = LastAddresses(persona);
        var ports = persona.Rules.SelectMany(rule => rule.Ports).ToArray();
        var random = new Prng(5);
        var borders = new PersonaBorders(persona);
        int hits = 0, last = 0, first = 0, atPort = 0, withPorts = 0;
        for (var i = 0; i < Packets; i++)
        {
            var packet = RandomPacket.Make(random, borders).AsFirstPacket();
            hits += ReferenceVerdict.Judge(persona, packet).Rule is null ? 0 : 1;
            last += lasts.Contains((packet.Direction, packet.Peer)) ? 1 : 0;
            first += lasts.Contains((packet.Direction, packet.Peer with { Bits = packet.Peer.Bits - 1 })) ? 1 : 0;
            withPorts += packet.HasPorts ? 1 : 0;
            atPort += packet.HasPorts && ports.Any(range =>
                packet.Port == range.First || packet.Port == range.Last) ? 1 : 0;
        }

        Assert.True(hits * 100 / Packets >= 30, $"{hits} of {Packets} meet a rule");
        if (lasts.Count > 4)
        {
            Assert.True(last * 100 / Packets >= 15, $"{last} of {Packets} are the last of an interval");
            Assert.True(first * 100 / Packets >= 15, $"{first} of {Packets} are the first of an interval");
        }

        Assert.True(
            ports.Length == 0 || atPort * 100 / withPorts >= 30,
            $"{atPort} of {withPorts} are at a border of a port range");
    }

    /// <summary>The last address of every interval that the compiler makes.</summary>
    private static HashSet<(Direction, IpAddress)> LastAddresses(Persona persona)
    {
        var compiled = PersonaCompiler.Compile(persona, int.MaxValue);
        var reader = new CompiledReader(compiled);
        return
        [
            .. from direction in Enum.GetValues<Direction>()
            from isV6 in (bool[])[false, true]
            let root = compiled.Roots[(direction == Direction.Egress ? 2 : 0) + (isV6 ? 1 : 0)]
            from interval in reader.Intervals(root, isV6)
            select (direction, interval.Last),
        ];
    }
}
