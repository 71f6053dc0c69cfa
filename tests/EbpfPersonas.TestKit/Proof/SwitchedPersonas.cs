using System.Collections.Immutable;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// Many personas that are resident at once and take turns while flows go on; round by round one of them goes and
/// another comes into the room that is free.
/// </summary>
public sealed class SwitchedPersonas(int rounds) : ProofPart
{
    /// <summary>Personas that lie side by side.</summary>
    public const int Residents = 64;

    /// <summary>At least: of the loose steps some are switches, and a sweep is shared by some rounds.</summary>
    public const int PacketsPerRound =
        (LooseSteps * 3 / 4) + (Turns * Flows) + (Residents * PacketsPerResident / RoundsPerSweep);

    private const int TakingTurns = 4;
    private const int Turns = 6;
    private const int Flows = 12;
    private const int LooseSteps = 40;
    private const int RoundsPerSweep = 16;
    private const int PacketsPerResident = 8;
    private const int LargestRuleSet = 300;

    private readonly List<(Persona Persona, ResidentPersona Resident)> _residents = [];

    /// <inheritdoc/>
    public override string Kind => "switches";

    /// <inheritdoc/>
    public override long Packets => (long)rounds * PacketsPerRound;

    /// <inheritdoc/>
    public override long Weight => 200L * (Residents + (rounds * PacketsPerRound));

    /// <inheritdoc/>
    protected override ProofDifference? Compare(KernelFilter filter, ProofTally tally)
    {
        var random = new Prng(Seed);
        for (var i = 0; i < Residents; i++)
        {
            var persona = MakePersona(random);
            _residents.Add((persona, filter.Publish(persona)));
            tally.CountRuleSet(Kind, 0);
        }

        try
        {
            for (var round = 1; round <= rounds; round++)
            {
                Replace(random, filter, random.Below(Residents));
                tally.CountRuleSet(Kind, 0);
                var difference = CompareSteps(filter, tally, TakeTurns(random));
                if (difference is null && (round % RoundsPerSweep == 0 || round == rounds))
                {
                    difference = CompareSteps(filter, tally, Sweep(random));
                }

                if (difference is not null)
                {
                    return difference;
                }
            }

            return null;
        }
        finally
        {
            Leave(filter);
        }
    }

    /// <summary>
    /// A persona goes while it is active, as in production: its room comes back after a grace period.
    /// </summary>
    private void Replace(Prng random, KernelFilter filter, int number)
    {
        filter.SwitchTo(_residents[number].Persona, _residents[number].Resident);
        var persona = MakePersona(random);
        filter.SwitchTo(persona);
        _residents[number] = (persona, filter.Dataplane.Current!);
    }

    private void Leave(KernelFilter filter)
    {
        foreach (var (persona, resident) in _residents)
        {
            filter.SwitchTo(persona, resident);
            filter.SwitchTo(null);
        }

        _residents.Clear();
    }

    private ProofDifference? CompareSteps(KernelFilter filter, ProofTally tally, StepComparison steps)
    {
        var difference = steps.Difference(filter, SwitchTo, (packet, said) => tally.Count(Kind, 0, packet, said));
        if (difference is not { } found)
        {
            return null;
        }

        // What only shows with all that was published before stays as large as it is.
        steps = steps with { Steps = steps.Steps[..(found.Step + 1)] };
        filter.SwitchTo(null, null);
        var small = steps.Shrink(filter);
        var again = small.Difference(filter, number => filter.SwitchTo(small.Personas[number]));
        filter.SwitchTo(null);
        return again is { } shown ? small.ToCase(shown.Step, shown.Said) : steps.ToCase(found.Step, found.Said);

        void SwitchTo(int number)
        {
            var persona = steps.Personas[number];
            filter.SwitchTo(persona, _residents.Find(one => ReferenceEquals(one.Persona, persona)).Resident);
            tally.CountSwitch();
        }
    }

    /// <summary>
    /// Some personas, and none: flows that go on under one after the other, then packets that have less to do with each
    /// other.
    /// </summary>
    private StepComparison TakeTurns(Prng random)
    {
        ImmutableArray<Persona?> personas =
            [.. Enumerable.Range(0, TakingTurns).Select(_ => _residents[random.Below(Residents)].Persona), null];
        var borders = personas.OfType<Persona>().Select(persona => new PersonaBorders(persona)).ToArray();
        CasePacket[] flows =
            [.. Enumerable.Range(0, Flows).Select(_ => RandomPacket.Make(random, random.Pick(borders)))];
        var steps = ImmutableArray.CreateBuilder<RandomStep>();
        for (var turn = 0; turn < Turns; turn++)
        {
            var goesOn = turn > 0;
            steps.Add(new RandomStep(null, random.Below(personas.Length)));
            steps.AddRange(flows.Select(flow => new RandomStep(goesOn ? Next(flow) : flow, 0)));
        }

        steps.AddRange(RandomSteps.Make(random, personas, LooseSteps));
        return new StepComparison(personas, steps.ToImmutable());
    }

    private static CasePacket Next(CasePacket packet) =>
        packet.Protocol == IpProtocol.Tcp ? packet with { Flags = TcpControl.Ack } : packet;

    /// <summary>Every resident persona in turn, with new flows: nobody's lines were written over.</summary>
    private StepComparison Sweep(Prng random)
    {
        var steps = ImmutableArray.CreateBuilder<RandomStep>();
        for (var i = 0; i < Residents; i++)
        {
            steps.Add(new RandomStep(null, i));
            var borders = new PersonaBorders(_residents[i].Persona);
            for (var j = 0; j < PacketsPerResident; j++)
            {
                steps.Add(new RandomStep(RandomPacket.Make(random, borders), 0));
            }
        }

        return new StepComparison([.. _residents.Select(one => one.Persona)], steps.ToImmutable());
    }

    private static Persona MakePersona(Prng random) => random.Chance(60)
        ? RandomPersona.Make(random)
        : ProofPlan.Vary(random, random.Pick(RuleSetCatalog.All.AsSpan()).Make(new RuleSetShape(
            random.Between(1, LargestRuleSet), RuleSetFamilies.Both, random.Next())));
}
