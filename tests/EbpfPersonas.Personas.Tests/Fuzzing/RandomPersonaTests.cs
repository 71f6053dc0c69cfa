using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Tests.Cases;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.Personas.Tests.Fuzzing;

public sealed class RandomPersonaTests
{
    private const ulong Seed = 20260101;

    [Fact]
    public void The_numbers_of_a_seed_never_change()
    {
        // Of the authors' own implementation, https://prng.di.unimi.it/splitmix64.c.
        var random = new Prng(1234567);
        Assert.Equal(6457827717110365317ul, random.Next());
        Assert.Equal(3203168211198807973ul, random.Next());
        Assert.Equal(9817491932198370423ul, random.Next());
    }

    [Fact]
    public void The_same_seed_makes_the_same_persona_and_packets()
    {
        var (one, other) = (new Prng(Seed), new Prng(Seed));
        var persona = RandomPersona.Make(one);
        Assert.Equal(PersonaJson.Write(persona), PersonaJson.Write(RandomPersona.Make(other)));
        Assert.Equal(RandomPacket.Make(one, persona), RandomPacket.Make(other, persona));
    }

    [Fact]
    public void A_random_persona_is_a_document_that_is_accepted_and_means_the_same()
    {
        var random = new Prng(Seed);
        for (var i = 0; i < 300; i++)
        {
            var json = PersonaJson.Write(RandomPersona.Make(random));
            var read = CaseDocuments.Read(System.Text.Encoding.UTF8.GetBytes(json), $"seed {Seed}, persona {i}");
            Assert.Equal(json, PersonaJson.Write(read));
        }
    }

    [Fact]
    public void A_random_packet_is_a_line_of_a_case()
    {
        var random = new Prng(Seed);
        var persona = RandomPersona.Make(random);
        for (var i = 0; i < 1000; i++)
        {
            var packet = RandomPacket.Make(random, persona);
            Assert.Equal(packet, PacketParser.Parse(packet.ToString()));
        }
    }

    [Fact]
    public void Random_pairs_reach_every_kind_of_verdict_often()
    {
        var random = new Prng(Seed);
        var kinds = new Dictionary<string, int>();
        for (var i = 0; i < 200; i++)
        {
            var persona = RandomPersona.Make(random);
            for (var j = 0; j < 50; j++)
            {
                var packet = RandomPacket.Make(random, persona);
                var said = ReferenceDatapath.InWords(
                    persona, ReferenceVerdict.Judge(persona, packet.AsFirstPacket()), packet);
                Count($"{said.Verdict} {said.Reason}");
                Count($"v6 {packet.Remote.IsV6}");
                Count($"protocol {packet.Protocol}");
                Count(packet.Direction.ToString());
                Count(
                    $"excepted {persona.Rules.Any(rule => rule.Except.Any(except => except.Contains(packet.Remote)))}");
            }
        }

        foreach (var kind in new[]
        {
            "forwarded allowed_rule", "forwarded default_allow", "dropped denied_rule", "dropped default_deny",
            "rejected denied_rule", "audit denied_rule", "audit default_deny", "v6 True", "v6 False", "protocol 6",
            "protocol 17", "protocol 132", "protocol 1", "protocol 58", "protocol 47", "Ingress", "Egress",
            "excepted True",
        })
        {
            Assert.True(kinds.GetValueOrDefault(kind) >= 50, $"{kind}: {kinds.GetValueOrDefault(kind)} of 10,000");
        }

        void Count(string kind) => kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
    }

    [Fact]
    public void Shrinking_leaves_only_what_makes_the_difference()
    {
        var random = new Prng(Seed);
        var persona = RandomPersona.Make(random);
        var guilty = persona.Rules.First(rule => rule.Peers.Length > 1);
        var small = Shrinker.Shrink(persona, candidate => candidate.Rules.Any(rule =>
            rule.Id == guilty.Id && rule.Peers.Contains(guilty.Peers[1])));
        var rule = Assert.Single(small.Rules);
        Assert.Equal(guilty.Peers[1], Assert.Single(rule.Peers));
        Assert.Empty(rule.Ports);
        Assert.Empty(rule.Except);
        Assert.Equal(EnforcementMode.Enforce, rule.Mode);
    }

    [Fact]
    public void Shrinking_steps_keeps_their_order()
    {
        var steps = Shrinker.Shrink(
            [.. Enumerable.Range(0, 100)], steps => steps.IndexOf(17) >= 0 && steps.IndexOf(17) < steps.IndexOf(80));
        Assert.Equal([17, 80], steps.ToArray());
    }
}
