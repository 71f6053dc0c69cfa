using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Peers;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.Benchmarks.Stack;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Changes;

/// <summary>
/// G8: how long it takes until a rule set is in force, in this warmed-up process beside <c>nft -f</c>; and until one
/// changed rule of a large persona is.
/// </summary>
internal sealed class ChangeBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const int Large = 100_000;
    private const int Usual = 10_000;
    private const double LiveWithinMilliseconds = 10;

    /// <summary>The spot check of what was compiled, against compiling it.</summary>
    private const double CheckShareMax = 2;

    private const int CheckedRules = 1000;

    /// <summary>Between two changes: the room of what was replaced comes back meanwhile.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    /// <summary>Changes that do not count: they compile the compiler.</summary>
    private const int WarmUps = 20;

    private int Loads => settings.Quick ? 5 : 15;

    private int Changes => settings.Quick ? 200 : 1000;

    public async Task RunAsync()
    {
        await MeasureChangesAsync("one at a time", Pause);
        await MeasureChangesAsync("without a pause", TimeSpan.Zero);
        await MeasureLoadAsync();
        MeasureCheck();
    }

    private void MeasureCheck()
    {
        report.Progress(string.Create(CultureInfo.InvariantCulture, $"changes: {CheckedRules:#,0} rules checked"));
        var persona = Mixed(CheckedRules);
        var compiled = PersonaCompiler.Compile(persona);
        var (compiling, checking) = (new Samples(), new Samples());
        for (var i = 0; i < Changes; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            PersonaCompiler.Compile(persona);
            var between = Stopwatch.GetTimestamp();
            CompilerCheck.Find(persona, compiled);
            checking.Add(Stopwatch.GetElapsedTime(between).TotalMilliseconds);
            compiling.Add(Stopwatch.GetElapsedTime(start, between).TotalMilliseconds);
        }

        report.Add(Row.Of(
            "G8", string.Create(CultureInfo.InvariantCulture, $"{CheckedRules:#,0} compiled rules checked"), checking,
            compiling, "compiling them", CheckShareMax) with
        {
            Unit = "ms",
        });
    }

    private async Task MeasureLoadAsync()
    {
        report.Progress(string.Create(
            CultureInfo.InvariantCulture, $"changes: {Large:#,0} rules, ours and nft -f in turns"));
        var persona = Mixed(Large);
        var script = PeerForm.NftMaps.Script(PeerRule.From(persona, isV6: false), false);
        var (ours, nft) = (new Samples(), new Samples());
        using var dataplane = PersonaDataplane.Load(Room.For(Large));
        try
        {
            // The first load compiles the compiler.
            Put(dataplane, persona);
            for (var i = 0; i < Loads; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                ours.Add(Put(dataplane, persona));
                nft.Add(await LoadNftAsync(script));
            }
        }
        catch (ApplyException tooLarge)
        {
            report.Progress(tooLarge.Message);
        }

        var row = ours.Count > 0
            ? Row.Of("G8", "", ours, nft, "", 0)
            : new Row { Goal = "G8", Case = "", Unit = "", Note = "does not fit" };
        report.Add(row with
        {
            Case = string.Create(CultureInfo.InvariantCulture, $"{Large:#,0} rules compiled, published, in force"),
            PeerName = "nft -f, concat+interval maps",
            Unit = "ms",
            Target = 1.0 / 10,
        });
    }

    private async Task MeasureChangesAsync(string how, TimeSpan pause)
    {
        report.Progress(string.Create(
            CultureInfo.InvariantCulture, $"changes: {Changes} times one rule of {Usual:#,0}, {how}"));
        var persona = Mixed(Usual);
        var (times, processor) = (new Samples(), new Samples());
        using var dataplane = PersonaDataplane.Load(Room.For(Usual));
        dataplane.Apply(1, persona);
        for (var i = 0; i < WarmUps; i++)
        {
            dataplane.Apply(persona.Revision, persona);
        }

        for (var i = 0; i < Changes; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var at = i * 7919 % Usual;
            var changed = persona with
            {
                Revision = persona.Revision + 1,
                Rules = persona.Rules.SetItem(at, WithOtherAction(persona.Rules[at])),
            };
            await Task.Delay(pause, cancellation);
            var used = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            dataplane.Apply(changed.Revision, changed);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            processor.Add((Environment.CpuUsage.TotalTime - used).TotalMilliseconds);
            persona = changed;
        }

        foreach (var (name, share) in ((string, double)[])[("p50", 0.5), ("p99", 0.99)])
        {
            report.Add(new Row
            {
                Goal = "G8",
                Case = string.Create(
                    CultureInfo.InvariantCulture, $"one rule of {Usual:#,0} changed, {how}, {name}"),
                Ours = times.Quantile(share),
                Unit = "ms",
                Target = name == "p99" && pause > TimeSpan.Zero ? LiveWithinMilliseconds : null,
                Note = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{times.Count} changes, worst {times.Quantile(1):0.0} ms; processor time of the process, "
                    + $"without waiting for others, {name} {processor.Quantile(share):0.0} ms"),
            });
        }
    }

    /// <summary>
    /// Milliseconds until the persona is in force; then it is taken out again, so that its room comes back.
    /// </summary>
    private static double Put(PersonaDataplane dataplane, Persona persona)
    {
        var start = Stopwatch.GetTimestamp();
        dataplane.Apply(1, persona);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        dataplane.Apply(2, null);
        return elapsed;
    }

    private static async Task<double> LoadNftAsync(string script)
    {
        await using var lab = await Lab.CreateAsync();
        var host = await StackHost.AddAsync(lab);
        return await host.LoadAsync(PeerForm.NftMaps.Load, script);
    }

    private static Rule WithOtherAction(Rule rule) =>
        rule with { Action = rule.Action == RuleAction.Allow ? RuleAction.Deny : RuleAction.Allow };

    private static Persona Mixed(int rules) =>
        RuleSetCatalog.Mixed.Make(new RuleSetShape(rules, Direction: Direction.Ingress));
}
