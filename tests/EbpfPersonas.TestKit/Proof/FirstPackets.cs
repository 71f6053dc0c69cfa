using System.Collections.Immutable;
using System.Diagnostics;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// First packets of flows under one rule set: the kernel's verdict, reason, rule and audited rule are those of the
/// reference. <paramref name="rules"/> is the size of the set, 0 where it is any.
/// </summary>
public sealed class FirstPackets(string kind, int rules, Func<Prng, Persona> make, int packets) : ProofPart
{
    /// <summary>A case of some hundred rules now is better than the smallest one in an hour.</summary>
    private static readonly TimeSpan ShrinkingTime = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public override string Kind => kind;

    /// <inheritdoc/>
    public override long Packets => packets;

    /// <summary>Beside the reference's walk every packet costs about as much as 40 rules.</summary>
    public override long Weight => (long)packets * (40 + rules);

    /// <inheritdoc/>
    protected override ProofDifference? Compare(KernelFilter filter, ProofTally tally)
    {
        var random = new Prng(Seed);
        var persona = PutInForceWhatFits(filter, make(random));
        var borders = new PersonaBorders(persona);
        var size = rules == 0 ? 0 : persona.Rules.Length;
        tally.CountRuleSet(kind, size);
        for (var i = 0; i < packets; i++)
        {
            var packet = RandomPacket.Make(random, borders);
            var expected = Reference(persona, packet);
            if (Kernel(filter, packet) != expected)
            {
                return Shrink(filter, persona, packet);
            }

            tally.Count(kind, size, packet, expected.Said);
        }

        return null;
    }

    private static ProofDifference Shrink(KernelFilter filter, Persona persona, CasePacket packet)
    {
        var time = Stopwatch.StartNew();
        var small = Shrinker.Shrink(persona, candidate =>
        {
            if (time.Elapsed > ShrinkingTime)
            {
                return false;
            }

            PutInForce(filter, candidate);
            return Kernel(filter, packet) != Reference(candidate, packet);
        });
        PutInForce(filter, small);
        var documents = ImmutableSortedDictionary.Create<string, Persona>().Add(CaseFolder.PersonaFile, small);
        var expected = Reference(small, packet);
        return new ProofDifference(
            documents, [$"{packet} => {expected.Said}"], Word(Kernel(filter, packet), expected));
    }

    /// <summary>All of the rules, or the first half or quarter of what an agent refuses as too large.</summary>
    private static Persona PutInForceWhatFits(KernelFilter filter, Persona persona)
    {
        while (true)
        {
            try
            {
                PutInForce(filter, persona);
                return persona;
            }
            catch (ApplyException refused) when (refused.Code == "TOO_LARGE" && persona.Rules.Length > 1)
            {
                persona = persona with { Rules = persona.Rules[..(persona.Rules.Length / 2)] };
            }
        }
    }

    /// <summary>Alone: the largest sets have no room beside each other.</summary>
    private static void PutInForce(KernelFilter filter, Persona persona)
    {
        filter.SwitchTo(null);
        filter.Use(persona);
    }

    private static Answer Reference(Persona persona, CasePacket packet)
    {
        var verdict = ReferenceVerdict.Judge(persona, packet.AsFirstPacket());
        var said = ReferenceDatapath.InWords(persona, verdict, packet);
        var isJudged = said.Reason is "allowed_rule" or "denied_rule" or "default_allow" or "default_deny";
        return new Answer(said, isJudged ? verdict.Audited?.Id : null);
    }

    /// <summary>Leaves no flow behind, so that every packet is the first of one.</summary>
    private static Answer Kernel(KernelFilter filter, CasePacket packet)
    {
        var said = filter.Decide(packet);
        var audited = filter.ReadAuditedRule();
        if (said.Verdict is "forwarded" or "audit")
        {
            filter.Forget(packet);
        }

        return new Answer(said, audited);
    }

    private static string Word(Answer said, Answer expected) => said.Audited == expected.Audited
        ? $"{said.Said}"
        : $"{said.Said}, audited {said.Audited ?? "-"} instead of {expected.Audited ?? "-"}";

    /// <summary>What becomes of a packet, and the first rule in audit mode that would have decided earlier.</summary>
    private sealed record Answer(Expectation Said, string? Audited);
}
