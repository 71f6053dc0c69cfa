using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// Packets in a row under personas that take turns: conntrack, epochs and related errors as the reference has them.
/// </summary>
public sealed record StepComparison(ImmutableArray<Persona?> Personas, ImmutableArray<RandomStep> Steps)
{
    /// <summary>
    /// Runs the steps with an empty conntrack, the first persona active; what kernel and reference say of the first
    /// packet on which they differ, and its step, or null. <paramref name="switchTo"/> makes a persona active;
    /// <paramref name="compared"/> learns what they agree on.
    /// </summary>
    public (int Step, Expectation Expected, Expectation Said)? Difference(
        KernelFilter filter, Action<int> switchTo, Action<CasePacket, Expectation>? compared = null)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(switchTo);
        var reference = new ReferenceDatapath(Personas[0]);
        filter.ForgetFlows();
        switchTo(0);
        for (var i = 0; i < Steps.Length; i++)
        {
            if (Steps[i].Packet is not { } packet)
            {
                reference.Switch(Personas[Steps[i].Persona]);
                switchTo(Steps[i].Persona);
                continue;
            }

            var expected = reference.Decide(packet);
            var said = filter.Decide(packet);
            if (said != expected)
            {
                return (i, expected, said);
            }

            compared?.Invoke(packet, said);
        }

        return null;
    }

    /// <summary>
    /// As small as it can be while it differs, each persona written into the maps anew when it becomes active.
    /// </summary>
    public StepComparison Shrink(KernelFilter filter)
    {
        var small = this with { Steps = Shrinker.Shrink(Steps, fewer => Differs(this with { Steps = fewer })) };
        for (var i = 0; i < Personas.Length; i++)
        {
            if (Personas[i] is { } persona)
            {
                var (number, others) = (i, small);
                small = With(Shrinker.Shrink(persona, smaller => Differs(With(smaller))));

                StepComparison With(Persona smaller) =>
                    others with { Personas = others.Personas.SetItem(number, smaller) };
            }
        }

        return small;

        bool Differs(StepComparison candidate) =>
            candidate.Difference(filter, number => filter.SwitchTo(candidate.Personas[number])) is not null;
    }

    /// <summary>As a case, up to the step at which the kernel said something else.</summary>
    public ProofDifference ToCase(int step, Expectation said)
    {
        var reference = new ReferenceDatapath(Personas[0]);
        var lines = ImmutableArray.CreateBuilder<string>();
        foreach (var (packet, number) in Steps[..(step + 1)])
        {
            if (packet is null)
            {
                reference.Switch(Personas[number]);
                lines.Add(Personas[number] is null ? "switch none" : $"switch {FileName(number)}");
            }
            else
            {
                lines.Add($"{packet} => {reference.Decide(packet)}");
            }
        }

        var documents = ImmutableSortedDictionary.CreateBuilder<string, Persona>(StringComparer.Ordinal);
        for (var i = 0; i < Personas.Length; i++)
        {
            if (Personas[i] is { } persona && (i == 0 || lines.Contains($"switch {FileName(i)}")))
            {
                documents.Add(FileName(i), persona);
            }
        }

        return new ProofDifference(documents.ToImmutable(), lines.ToImmutable(), said.ToString());
    }

    private static string FileName(int number) => number == 0 ? CaseFolder.PersonaFile : $"other-{number}.json";
}
