using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Proof;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>Personas that lie side by side in the maps do not touch each other.</summary>
public sealed class ResidentPersonaTests
{
    private const int Rounds = 200;
    private const int PacketsPerPersona = 200;
    private const double SlotsOfTheLast = 0.25;

    [Fact]
    public void Personas_that_come_and_go_take_turns_without_leaving_anything_behind()
    {
        using var filter = new KernelFilter(TestObjects.Program("verdict"));
        var tally = new ProofTally();

        Assert.Null(Personas().Run(filter, tally)?.ToString());

        Assert.Equal(SwitchedPersonas.Residents + Rounds, tally.RuleSets);
        Assert.True(tally.Switches > Rounds, $"{tally.Switches} switches");

        // Room comes back beside the switches, a grace period later.
        SpinWait.SpinUntil(() => SlotsInUse() <= SlotsOfTheLast, TimeSpan.FromSeconds(10));
        Assert.InRange(SlotsInUse(), 0, SlotsOfTheLast);

        double SlotsInUse() => filter.Dataplane.ReadCounters().MapUtilization["slots"];
    }

    [Fact]
    public void A_persona_that_is_written_over_by_another_is_caught()
    {
        using var filter = new KernelFilter(TestObjects.Program("verdict"));
        using var lines = filter.Dataplane.Filter.Map("policy_lines").MapMemory();
        filter.Compiler = (persona, linesMax) =>
        {
            var compiled = PersonaCompiler.Compile(persona, linesMax);
            // Behind the two lines of "no persona".
            compiled.Lines.Span.CopyTo(lines.Values<PolicyLine>()[2..]);
            return compiled;
        };

        Assert.NotNull(Personas().Run(filter, new ProofTally()));
    }

    [Fact]
    public void Resident_personas_judge_first_packets_as_the_reference_before_they_are_active()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        var random = new Prng(VerdictFilterFixture.Seed);
        var personas = new Persona[SwitchedPersonas.Residents];
        for (var i = 0; i < personas.Length; i++)
        {
            personas[i] = RandomPersona.Make(random);
        }

        var residents = personas.Select(persona => dataplane.Publish(persona, 1)).ToArray();
        var program = dataplane.Filter.Program("judge_first_packet");
        for (var i = 0; i < personas.Length; i++)
        {
            var borders = new PersonaBorders(personas[i]);
            for (var j = 0; j < PacketsPerPersona; j++)
            {
                var packet = RandomPacket.Make(random, borders).AsFirstPacket();
                var request = new JudgeRequest { Packet = FirstPacket.From(packet), Slot = residents[i].Slot };

                Assert.Equal(0, program.Call(ref request));

                var meant = ReferenceVerdict.Judge(personas[i], packet);
                Assert.Equal(
                    (packet.Words, (uint)meant.Action, meant.Rule?.Id, meant.Audited?.Id),
                    (packet.Words, request.Action, Id(request.Rule), Id(request.AuditedRule)));

                string? Id(uint number) => number == uint.MaxValue ? null : personas[i].Rules[(int)number].Id;
            }
        }
    }

    private static SwitchedPersonas Personas() => new(Rounds) { Seed = VerdictFilterFixture.Seed };
}
