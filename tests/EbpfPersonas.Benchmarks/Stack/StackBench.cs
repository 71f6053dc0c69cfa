using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Benchmarks.Hook;
using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Peers;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Stack;

/// <summary>
/// G4: what a filter adds to the way of a packet through the network stack, ours beside the peers, with rule sets of
/// one family and packets that all of them let pass.
/// </summary>
internal sealed class StackBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const double RunMilliseconds = 20;

    /// <summary>Those against nftables' best form are for both that may be it.</summary>
    private static readonly Dictionary<(string Peer, int Size), double> Targets = new()
    {
        [(PeerForm.NftMaps.Name, 1000)] = 1.0 / 2,
        [(PeerForm.NftMaps.Name, 10_000)] = 1.0 / 4,
        [(PeerForm.NftMaps.Name, 100_000)] = 1.0 / 15,
        [(PeerForm.NftChains.Name, 1000)] = 1.0 / 2,
        [(PeerForm.NftChains.Name, 10_000)] = 1.0 / 4,
        [(PeerForm.NftChains.Name, 100_000)] = 1.0 / 15,
        [(StackSetUp.Policy, 1000)] = 1.0 / 3,
        [(StackSetUp.Policy, 10_000)] = 1.0 / 4,
        [(StackSetUp.Policy, 100_000)] = 1.0 / 6,
        [(PeerForm.IptablesV4.Name, 1000)] = 1.0 / 14,
        [(PeerForm.IptablesV6.Name, 1000)] = 1.0 / 14,
    };

    public async Task RunAsync()
    {
        foreach (var isV6 in settings.Quick ? [false] : (bool[])[false, true])
        {
            foreach (var size in settings.StackSizes)
            {
                await RunAsync(RuleSetCatalog.Mixed, size, isV6, [
                    PeerForm.NftMaps, PeerForm.NftChains, PeerForm.NftLinear,
                    isV6 ? PeerForm.IptablesV6 : PeerForm.IptablesV4]);
                if (!settings.Quick)
                {
                    await RunAsync(RuleSetCatalog.Exact, size, isV6, [PeerForm.NftHash]);
                }
            }
        }
    }

    private async Task RunAsync(RuleSetKind kind, int size, bool isV6, PeerForm[] forms)
    {
        var words = string.Create(
            CultureInfo.InvariantCulture, $"{(isV6 ? "IPv6" : "IPv4")}, {size:#,0} {kind.Name} rules");
        report.Progress($"stack, {words}: made and loaded");
        try
        {
            using var workload = new Workload(kind, size, isV6);
            await using var setUp = await StackSetUp.CreateAsync(workload, forms, report.Progress, cancellation);
            report.Progress($"stack, {words}: {setUp.Lanes.Count} configurations in turns");
            var measured = Interleaved.Measure(
                [.. setUp.Lanes.Select(lane => lane.ToLane())], settings.Rounds, RunMilliseconds, cancellation);
            Report(kind, words, size, setUp, measured);
        }
        catch (ApplyException tooLarge)
        {
            report.Progress(tooLarge.Message);
            report.Add(new Row { Goal = "G4", Case = words, Unit = "ns", Target = 0, Note = "does not fit" });
        }
    }

    private void Report(
        RuleSetKind kind, string words, int size, StackSetUp setUp, IReadOnlyDictionary<string, Samples> measured)
    {
        var (ours, none) = (measured[StackSetUp.Ours], measured[StackSetUp.None]);
        foreach (var lane in setUp.Lanes.Where(lane => lane.IsPeer))
        {
            double? target = kind == RuleSetCatalog.Mixed && Targets.TryGetValue((lane.Name, size), out var found)
                ? found
                : null;
            var row = Row.OfAdded("G4", words, ours, measured[lane.Name], none, lane.Name, target);
            report.Add(lane.Wrong == 0
                ? row
                : row with { Ours = null, Peer = null, Note = $"VOID: {lane.Wrong} verdicts of a sample differ" });
        }

        foreach (var missing in setUp.Failed)
        {
            report.Add(new Row { Goal = "G4", Case = words, PeerName = missing, Unit = "ns", Note = "cannot load it" });
        }

        report.Add(Row.OfAdded(
            "stack", words + ", with conntrack, 1,024 flows", measured[StackSetUp.OursStateful],
            measured[StackSetUp.NoneFlows]));
    }
}
