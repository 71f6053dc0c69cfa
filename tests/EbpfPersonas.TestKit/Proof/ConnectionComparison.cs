using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Conntrack;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// The segments of one connection under personas that take turns, of which the first is in force: kernel and reference
/// decide the same, and know the same of the flow at the end. <paramref name="First"/> has the tuple.
/// </summary>
public sealed record ConnectionComparison(
    CasePacket First, ImmutableArray<Persona?> Personas, ImmutableArray<RandomStep> Steps)
{
    /// <summary>
    /// Runs the steps; says what the kernel said instead, and at which step, or null. Leaves no flow behind.
    /// </summary>
    public (int Step, string Said)? Difference(
        KernelFilter filter, Action<int> switchTo, Action<CasePacket, Expectation>? compared = null)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(switchTo);
        var reference = new ReferenceDatapath(Personas[0]);
        try
        {
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
                    return (i, said.ToString());
                }

                compared?.Invoke(packet, said);
            }

            var known = filter.ReadFlow(First);
            return known == Known(reference) ? null : (Steps.Length - 1, $"knows of {known}");
        }
        finally
        {
            filter.Forget(First);
        }
    }

    /// <summary>As short as it can be while it differs.</summary>
    public ConnectionComparison Shrink(KernelFilter filter, Action<int> switchTo) => this with
    {
        Steps = Shrinker.Shrink(Steps, fewer => (this with { Steps = fewer }).Difference(filter, switchTo) is not null),
    };

    /// <summary>As a case, up to the step at which the kernel said something else.</summary>
    public ProofDifference ToCase(int step, string said)
    {
        var documents = ImmutableSortedDictionary.CreateBuilder<string, Persona>(StringComparer.Ordinal);
        documents.Add(CaseFolder.PersonaFile, Personas[0]!);
        var reference = new ReferenceDatapath(Personas[0]);
        var lines = ImmutableArray.CreateBuilder<string>();
        foreach (var (packet, number) in Steps[..(step + 1)])
        {
            if (packet is not null)
            {
                lines.Add($"{packet} => {reference.Decide(packet)}");
                continue;
            }

            var file = number == 0 ? CaseFolder.PersonaFile : $"other-{number}.json";
            reference.Switch(Personas[number]);
            lines.Add(Personas[number] is null ? "switch none" : $"switch {file}");
            if (Personas[number] is { } persona)
            {
                documents[file] = persona;
            }
        }

        return new ProofDifference(
            documents.ToImmutable(), lines.ToImmutable(),
            $"{said}, where the reference knows of {Known(reference)}");
    }

    private ConntrackSnapshot Known(ReferenceDatapath reference)
    {
        var tuple = FlowTuple.Of(First)!.Value;
        return new ConntrackSnapshot(
            FlowSnapshot.Of(reference.Flows.FindConfirmed(tuple)), FlowSnapshot.Of(reference.Flows.FindNew(tuple)));
    }
}
