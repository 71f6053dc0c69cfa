using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>
/// The packet filter in the kernel, attached to nothing, asked about single frames through BPF_PROG_TEST_RUN. Its image is bpf/tests/verdict.bpf.c: the production
/// code, which also leaves each decision in a map.
/// </summary>
public sealed class KernelFilter : IDisposable
{
    /// <summary>include/uapi/linux/pkt_cls.h: TC_ACT_SHOT.</summary>
    private const int Shot = 2;

    private readonly PersonaDataplane _dataplane;

    public KernelFilter(ReadOnlyMemory<byte> verdictImage) =>
        _dataplane = PersonaDataplane.Load(new DataplaneOptions { FilterImage = verdictImage });

    public PersonaDataplane Dataplane => _dataplane;

    /// <summary>Puts <paramref name="persona"/> in force, with no flow remembered.</summary>
    public void Use(Persona persona)
    {
        var flows = _dataplane.Filter.Map("flows");
        foreach (var key in flows.Keys<FlowKey>().ToList())
        {
            flows.Delete(key);
        }

        _dataplane.Apply(_dataplane.Realised.Generation + 1, persona);
    }

    /// <summary>The same persona under a new epoch: flows are judged again.</summary>
    public void SwitchEpoch() => _dataplane.SwitchTo(_dataplane.Current);

    /// <summary>What the kernel says of <paramref name="frame"/>.</summary>
    public KernelVerdict Judge(Direction direction, ReadOnlySpan<byte> frame)
    {
        var program = _dataplane.Filter.Program(direction == Direction.Ingress ? "filter_ingress" : "filter_egress");
        var passed = program.TestRun(frame) != Shot;
        if (!_dataplane.Filter.Map("last_decision").TryLookup(0u, out Decision decision))
        {
            throw new InvalidOperationException("The filter left no decision.");
        }

        // What was audited names the audited rule: it is the one that would have decided.
        var verdict = (Verdict)decision.Verdict;
        var isAudited = verdict == Verdict.Audit && decision.AuditedRule != uint.MaxValue;
        return new KernelVerdict(
            verdict, (Reason)decision.Reason, RuleId(isAudited ? decision.AuditedRule : decision.Rule), passed, RuleId(decision.AuditedRule));
    }

    public void Dispose() => _dataplane.Dispose();

    private string? RuleId(uint number) => number == uint.MaxValue ? null : _dataplane.Current!.Compiled.RuleIds[(int)number];
}
