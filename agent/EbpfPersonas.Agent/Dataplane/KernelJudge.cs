using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Asks the kernel what a resident persona, active or not, says of the first packet of a flow: the program
/// judge_first_packet of the filter, which looks packets up as the filter does.
/// </summary>
public sealed class KernelJudge(BpfObject filter)
{
    private const uint NoRule = uint.MaxValue;

    /// <summary>
    /// Runs the persona's own tests; throws <see cref="ApplyException"/> with code TEST_FAILED and a sentence for each
    /// test that fails.
    /// </summary>
    public void RunTests(Persona persona, ResidentPersona resident)
    {
        var failures = DocumentTests.Run(persona, packet => Judge(resident, packet));
        if (!failures.IsEmpty)
        {
            throw new ApplyException("TEST_FAILED", string.Join(" ", failures));
        }
    }

    /// <summary>
    /// The action, whatever the persona's enforcement mode, and the id of the rule that decides (null for the default);
    /// throws <see cref="BpfException"/>.
    /// </summary>
    public (RuleAction Action, string? Rule) Judge(ResidentPersona resident, Packet packet)
    {
        ArgumentNullException.ThrowIfNull(resident);
        var request = new JudgeRequest { Packet = FirstPacket.From(packet), Slot = resident.Slot };
        var result = filter.Program("judge_first_packet").Call(ref request);
        return result == 0
            ? ((RuleAction)request.Action, RuleId(resident, request.Rule))
            : throw new InvalidOperationException($"The kernel has no slot {resident.Slot}.");
    }

    /// <summary>A number that the persona does not have is shown: it is what the test is there to find.</summary>
    private static string? RuleId(ResidentPersona resident, uint number)
    {
        var ids = resident.Compiled.RuleIds;
        return number == NoRule ? null : number < ids.Length ? ids[(int)number] : $"a rule with the number {number}";
    }
}
