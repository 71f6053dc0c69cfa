using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// Random packets in a row, under personas that take turns: conntrack, epochs and related errors as the reference has
/// them.
/// </summary>
public sealed class KernelConntrackTests(VerdictFilterFixture fixture) : IClassFixture<VerdictFilterFixture>
{
    private const int Runs = 150;
    private const int StepsPerRun = 100;

    private readonly KernelFilter _filter = fixture.Filter;

    [Fact]
    public void Rows_of_packets_are_decided_as_by_the_reference()
    {
        var random = new Prng(VerdictFilterFixture.Seed);
        var reasons = new Dictionary<string, int>();
        for (var run = 0; run < Runs; run++)
        {
            ImmutableArray<Persona?> personas = [RandomPersona.Make(random), RandomPersona.Make(random), null];
            var steps = RandomSteps.Make(random, personas, StepsPerRun);
            var difference = Difference(personas, steps, _filter.SwitchTo, reasons);
            Assert.True(difference is null, difference is null ? "" : Word(personas, steps));
        }

        foreach (var reason in new[]
        {
            "established", "reevaluated", "related_icmp", "persona_switch", "no_persona", "allowed_rule", "denied_rule",
            "default_allow", "default_deny",
        })
        {
            var count = reasons.GetValueOrDefault(reason);
            Assert.True(count >= 100, $"{reason}: {count} packets only");
        }
    }

    [Theory]
    [InlineData("a filter that misses the switch")]
    [InlineData("a filter that forgets its flows at a switch")]
    public void A_switch_that_is_broken_is_caught(string what)
    {
        var random = new Prng(VerdictFilterFixture.Seed);
        ImmutableArray<Persona?> personas = [RandomPersona.Make(random), RandomPersona.Make(random), null];
        var steps = RandomSteps.Make(random, personas, 10 * StepsPerRun);
        Action<Persona?> broken = what.Contains("misses", StringComparison.Ordinal) ? _ => { } : _filter.Use;
        Assert.NotNull(Difference(personas, steps, broken));
    }

    /// <summary>The first step that differs, in words; null for none.</summary>
    private string? Difference(
        ImmutableArray<Persona?> personas,
        ImmutableArray<RandomStep> steps,
        Action<Persona?> switchTo,
        Dictionary<string, int>? reasons = null)
    {
        var reference = new ReferenceDatapath(personas[0]);
        _filter.Use(personas[0]);
        foreach (var step in steps)
        {
            if (step.Packet is not { } packet)
            {
                reference.Switch(personas[step.Persona]);
                switchTo(personas[step.Persona]);
                continue;
            }

            var expected = reference.Decide(packet);
            var said = _filter.Decide(packet);
            if (said != expected)
            {
                return $"{packet} => {expected}, but the kernel says {said}";
            }

            if (reasons is not null)
            {
                reasons[said.Reason] = reasons.GetValueOrDefault(said.Reason) + 1;
            }
        }

        return null;
    }

    private string Word(ImmutableArray<Persona?> personas, ImmutableArray<RandomStep> steps)
    {
        steps = Shrinker.Shrink(steps, fewer => Difference(personas, fewer, _filter.SwitchTo) is not null);
        for (var i = 0; i < personas.Length; i++)
        {
            var number = i;
            if (personas[i] is { } persona)
            {
                personas = personas.SetItem(i, Shrinker.Shrink(persona, smaller =>
                    Difference(personas.SetItem(number, smaller), steps, _filter.SwitchTo) is not null));
            }
        }

        return $"seed {VerdictFilterFixture.Seed}\n{string.Join('\n', steps)}\n" +
            $"{Difference(personas, steps, _filter.SwitchTo)}\n" +
            string.Join('\n', personas.OfType<Persona>().Select(PersonaJson.Write));
    }
}
