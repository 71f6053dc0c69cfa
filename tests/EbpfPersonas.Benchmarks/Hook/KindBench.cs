using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>The classifier on every other kind of rule set, beside the mixed one of the same size.</summary>
internal sealed class KindBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const int Rules = 10_000;

    /// <summary>8 KiB: the hardest sets are far from what a rule usually needs.</summary>
    private const int LinesPerRule = 128;

    public void Run()
    {
        foreach (var isV6 in (bool[])[false, true])
        {
            using var mixed = new Workload(RuleSetCatalog.Mixed, Rules, isV6);
            foreach (var kind in RuleSetCatalog.All.Where(kind => kind != RuleSetCatalog.Mixed))
            {
                Measure(kind, mixed, isV6);
            }
        }
    }

    private void Measure(RuleSetKind kind, Workload mixed, bool isV6)
    {
        var words = string.Create(
            CultureInfo.InvariantCulture, $"{(isV6 ? "IPv6" : "IPv4")}, {Rules:#,0} {kind.Name} rules");
        report.Progress($"kinds, {words}");
        try
        {
            using var workload = new Workload(kind, Rules, isV6, LinesPerRule);
            report.AddDifferences(words, workload.CompareWithReference());
            var measured = Interleaved.Measure(
                [Lane(kind.Name, workload), Lane(RuleSetCatalog.Mixed.Name, mixed)],
                settings.Rounds, settings.RunMilliseconds, cancellation);
            report.Add(Row.Of(
                "hook", $"{words}, uniform", measured[kind.Name], measured[RuleSetCatalog.Mixed.Name],
                "mixed rules of the same number"));
        }
        catch (ApplyException tooLarge)
        {
            report.Add(new Row { Goal = "hook", Case = words, Unit = "ns", Note = tooLarge.Message });
        }
    }

    private static Lane Lane(string name, Workload workload) => new(
        name, packets => workload.Ours.Play("replay_classify", workload.Uniform, workload.IsV6, packets));
}
