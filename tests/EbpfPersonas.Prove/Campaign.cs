using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Proof;

namespace EbpfPersonas.Prove;

/// <summary>
/// Runs the parts of a plan, with a filter and a thread for each processor, and keeps what differs as cases.
/// </summary>
internal sealed class Campaign(ProveSettings settings, CancellationToken cancellation)
{
    /// <summary>What is wrong everywhere needs no more cases than this.</summary>
    private const int MostDifferences = 10;

    /// <summary>For a rule set of 100,000 rules: 64 MiB.</summary>
    private static readonly DataplaneOptions Room = new() { LineCapacity = 1 << 20, RuleCapacity = 1 << 17 };

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(15);

    private readonly ProofTally _tally = new();
    private readonly Lock _gate = new();
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private int _differences;
    private int _done;
    private TimeSpan _reported;

    /// <summary>Whether kernel and reference agreed on everything, and that means something.</summary>
    public bool Run()
    {
        var plan = ProofPlan.Make(settings.Seed, settings.Cases, settings.Connections);
        var parts = plan.Where(settings.Includes)
            .OrderByDescending(part => part.Weight).ToArray();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"prove: {settings.Cases:N0} packets and {settings.Connections:N0} connections"
            + $"{(settings.Only is null ? "" : $", of which {settings.Only}")}, in {parts.Length:N0} parts, "
            + $"{ProveSettings.SeedVariable}={settings.Seed}"
            + $"{(settings.Broken is null ? "" : $", with a compiler that {settings.Broken}")}"));
        var queue = new ConcurrentQueue<ProofPart>(parts);
        var threads = Enumerable.Range(0, Environment.ProcessorCount)
            .Select(_ => Task.Factory.StartNew(
                () => Work(queue, parts.Length), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default))
            .ToArray();
        Task.WaitAll(threads, CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        return Report();
    }

    private void Work(ConcurrentQueue<ProofPart> queue, int parts)
    {
        using var filter = new KernelFilter(VerdictImage(), Room);
        filter.Compiler = settings.Broken?.Compile ?? filter.Compiler;
        while (!cancellation.IsCancellationRequested && Volatile.Read(ref _differences) < MostDifferences
            && queue.TryDequeue(out var part))
        {
            var tally = new ProofTally();
            var difference = part.Run(filter, tally);
            lock (_gate)
            {
                _tally.Add(tally);
                _done++;
                if (difference is not null)
                {
                    Keep(part, difference);
                }

                ReportProgress(parts);
            }
        }
    }

    private void Keep(ProofPart part, ProofDifference difference)
    {
        var folder = BuiltProduct.Output(string.Create(
            CultureInfo.InvariantCulture, $"prove/seed-{settings.Seed}-part-{part.Number}"));
        difference.WriteTo(folder);
        _differences++;
        Console.WriteLine($"DIFFERENCE in part {part.Number} ({part.Kind}): {difference}");
        Console.WriteLine($"  case folder: {folder}");
        Console.WriteLine($"  again:       {settings.CommandFor(part.Number)}");
    }

    private void ReportProgress(int parts)
    {
        if (_elapsed.Elapsed - _reported >= ProgressInterval)
        {
            _reported = _elapsed.Elapsed;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{_elapsed.Elapsed:mm\\:ss}  {_done,6:N0} of {parts:N0} parts  {_tally.Packets,12:N0} packets  "
                + $"{_differences} differences"));
        }
    }

    private bool Report()
    {
        Console.WriteLine();
        _tally.Write(Console.Out);
        var isWhole = settings.Only is null && _differences == 0;
        string[] shortcomings = isWhole ? [.. _tally.Shortcomings()] : [];
        foreach (var shortcoming in shortcomings)
        {
            Console.WriteLine($"VOID: {shortcoming}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"prove: {_tally.Packets:N0} packets as frames through the filter, {_tally.RuleSets:N0} rule sets, "
            + $"{_tally.Switches:N0} switches with up to {SwitchedPersonas.Residents} personas resident, "
            + $"{_tally.Connections:N0} TCP connections segment by segment, "
            + $"{100.0 * _tally.RuleHits / Math.Max(1, _tally.Packets):F1} % met a rule, "
            + $"{_differences} differences, {_elapsed.Elapsed:mm\\:ss}, {ProveSettings.SeedVariable}={settings.Seed}"));
        return _differences == 0 && shortcomings.Length == 0 && _tally.Packets > 0;
    }

    private static byte[] VerdictImage()
    {
        using var stream = typeof(Campaign).Assembly.GetManifestResourceStream("verdict")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
