using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Peers;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>
/// G1 and G3: the time of our programs alone, by BPF_PROG_TEST_RUN, for established packets and for new flows, from
/// 10 to 100,000 rules. G5: a sample of the same packets against the reference.
/// </summary>
internal sealed class HookBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    /// <summary>New flows in one run; the table must have room for all of them.</summary>
    private const int NewFlowsMax = 8192;

    private const int Smallest = 10;

    /// <summary>The steps of the classifier program, each measured with all before it.</summary>
    private static readonly string[] Parts = ["parser", "failsafe", "rules"];

    public void Run()
    {
        foreach (var isV6 in (bool[])[false, true])
        {
            Run(isV6);
        }
    }

    private void Run(bool isV6)
    {
        var family = isV6 ? "IPv6" : "IPv4";
        using var workloads = new DisposableList<Workload>();
        using var peers = new DisposableList<IdentityPolicy>();
        var lanes = new List<Lane>();
        foreach (var size in settings.Sizes)
        {
            report.Progress(string.Create(
                CultureInfo.InvariantCulture, $"hook, {family}: {size:#,0} mixed rules, made and compared"));
            try
            {
                var workload = workloads.Add(new Workload(RuleSetCatalog.Mixed, size, isV6));
                lanes.AddRange(Lanes(workload, peers.Add(new IdentityPolicy(workload.Persona))));
                report.AddDifferences($"{family}, {Words(size)}", workload.CompareWithReference());
            }
            catch (ApplyException tooLarge)
            {
                report.Progress(tooLarge.Message);
            }
        }

        report.Progress($"hook, {family}: {lanes.Count} configurations in turns");
        var measured = Interleaved.Measure(lanes, settings.Rounds, settings.RunMilliseconds, cancellation);
        ReportEstablished(measured, family, isV6);
        ReportNewFlows(measured, family);
        ReportClassifier(measured, family);
    }

    private static IEnumerable<Lane> Lanes(Workload workload, IdentityPolicy policy)
    {
        var (ours, isV6, size) = (workload.Ours, workload.IsV6, workload.Rules);
        var (zipf, zipfNew) = (workload.Zipf(), workload.ZipfNewFlows());
        var (established, active) = (workload.Established(), workload.ActiveTuples());
        if (size == Smallest)
        {
            yield return new Lane("empty", packets => ours.Play("replay_empty", established, isV6, packets));
            foreach (var part in Parts)
            {
                yield return new Lane(part, packets => ours.Play("replay_" + part, established, isV6, packets));
            }
        }

        yield return new Lane(
            Name("established", size),
            packets =>
            {
                // Whoever had the turn before may have emptied the table.
                ours.Play("replay_filter", established, isV6, Workload.EstablishingPackets);
                ours.ConfirmFlows();
                return ours.Play("replay_filter", established, isV6, packets);
            });
        yield return NewFlows("new uniform", workload.Uniform);
        yield return NewFlows("new zipf", zipfNew);
        yield return Classifier("uniform", workload.Uniform);
        yield return Classifier("zipf", zipf);
        yield return Classifier("1,024 flows", active);
        yield return new Lane(
            Name("identity policy", size), packets => policy.Play(workload.Uniform, isV6, packets));

        Lane Classifier(string traffic, BenchTuple[] tuples) => new(
            Name("classify " + traffic, size), packets => ours.Play("replay_classify", tuples, isV6, packets));

        Lane NewFlows(string name, BenchTuple[] tuples) => new(
            Name(name, size),
            packets =>
            {
                ours.ForgetFlows();
                return ours.Play("replay_filter", tuples, isV6, packets);
            },
            NewFlowsMax);
    }

    private void ReportEstablished(IReadOnlyDictionary<string, Samples> measured, string family, bool isV6)
    {
        if (!measured.TryGetValue("empty", out var empty))
        {
            return;
        }

        report.Add(Row.Of(
            "G1", $"{family}, established, 10 rules", measured[Name("established", Smallest)], empty,
            "empty program", isV6 ? 2.7 : 2.2));
        Flatness("G1", family, "established", measured, (settings.Sizes[^1], 1.1));
        Flatness("G1", family, "classify 1,024 flows", measured, (settings.Sizes[^1], null));
    }

    private void ReportNewFlows(IReadOnlyDictionary<string, Samples> measured, string family)
    {
        Flatness("G3", family, "new uniform", measured, (10_000, 1.6), (100_000, 5));
        Flatness("G3", family, "new zipf", measured, (10_000, 1.6), (100_000, 2.5));

        // The same without conntrack: the rows above begin each run with an empty table and cold caches.
        Flatness("G3", family, "classify uniform", measured, (10_000, 1.6), (100_000, 5));
        Flatness("G3", family, "classify zipf", measured, (10_000, 1.6), (100_000, 2.5));
    }

    /// <summary>Without targets: what the figures above are made of.</summary>
    private void ReportClassifier(IReadOnlyDictionary<string, Samples> measured, string family)
    {
        foreach (var part in Parts.Where(measured.ContainsKey))
        {
            report.Add(Row.Of(
                "hook", $"{family}, up to the {part}, 10 rules", measured[part], measured["empty"], "empty program"));
        }

        foreach (var size in settings.Sizes)
        {
            foreach (var traffic in (string[])["uniform", "zipf", "1,024 flows"])
            {
                if (measured.TryGetValue(Name("classify " + traffic, size), out var ours))
                {
                    report.Add(Row.Of(
                        "hook", $"{family}, classifier alone, {traffic}, {Words(size)}", ours, measured["empty"],
                        "empty program"));
                }
            }

            if (measured.TryGetValue(Name("classify uniform", size), out var uniform))
            {
                report.Add(Row.Of(
                    "hook", $"{family}, classifier alone, uniform, {Words(size)}", uniform,
                    measured[Name("identity policy", size)], "LPM + LPM"));
            }
        }
    }

    private void Flatness(
        string goal, string family, string lane, IReadOnlyDictionary<string, Samples> measured,
        params ReadOnlySpan<(int Size, double? Target)> targets)
    {
        foreach (var (size, target) in targets)
        {
            if (!settings.Sizes.Contains(size))
            {
                continue;
            }

            var @case = $"{family}, {lane}, {Words(size)}";
            report.Add(measured.TryGetValue(Name(lane, size), out var ours)
                ? Row.Of(goal, @case, ours, measured[Name(lane, Smallest)], "10 rules", target)
                : new Row
                {
                    Goal = goal,
                    Case = @case,
                    PeerName = "10 rules",
                    Unit = "ns",
                    Target = target,
                    Note = "too large for the datapath",
                });
        }
    }

    private static string Name(string lane, int size) => string.Create(CultureInfo.InvariantCulture, $"{lane} {size}");

    private static string Words(int size) => string.Create(CultureInfo.InvariantCulture, $"{size:#,0} rules");
}
