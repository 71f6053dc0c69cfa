using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Processes;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Benchmarks.Switching;

/// <summary>
/// G7: what a switch costs whoever makes it, and whether any of 20 million packets, on all CPUs at once, sees two
/// personas while a thousand switches a second are made.
/// </summary>
internal sealed class SwitchBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const double SwitchNanoseconds = 5;
    private const int SwitchesPerSecond = 1000;
    private const int PacketsPerRun = 20_000;

    private long Packets => settings.Quick ? 2_000_000 : 20_000_000;

    public void Run()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        var a = dataplane.Publish(SwitchedPair.Make("a", RuleAction.Allow), 1);
        var b = dataplane.Publish(SwitchedPair.Make("b", RuleAction.Deny), 2);
        MeasureSwitch(dataplane, a, b);
        SwitchUnderPackets(dataplane, a, b);
    }

    private void MeasureSwitch(PersonaDataplane dataplane, ResidentPersona a, ResidentPersona b)
    {
        using var word = new ActiveWord(dataplane.Filter.Map("active"));
        var samples = Interleaved.Measure(
            [new Lane("switch", times => SwitchTimes(word, a.Slot, b.Slot, times))],
            settings.Rounds, settings.RunMilliseconds, cancellation)["switch"];
        report.Add(new Row
        {
            Goal = "G7",
            Case = "a switch from user space: the compare-and-exchange",
            Ours = samples.Minimum,
            OursMedian = samples.Median,
            OursSpread = samples.Spread,
            Noise = samples.SelfDifference,
            Unit = "ns",
            Target = SwitchNanoseconds,
        });
    }

    private static double SwitchTimes(ActiveWord word, uint first, uint second, int times)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
        {
            word.Switch((i & 1) == 0 ? first : second);
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / times;
    }

    private void SwitchUnderPackets(PersonaDataplane dataplane, ResidentPersona a, ResidentPersona b)
    {
        report.Progress(string.Create(
            CultureInfo.InvariantCulture,
            $"switches: {Packets:#,0} packets, {SwitchesPerSecond:#,0} switches a second"));
        dataplane.SwitchTo(a);
        var frame = Frame.Build(PacketParser.Parse("udp local:40000 > 10.0.0.10:5000"));
        long played = 0;
        var players = Enumerable.Range(0, Environment.ProcessorCount).Select(cpu => PinnedThread.Start(cpu, () =>
        {
            while (Interlocked.Add(ref played, PacketsPerRun) <= Packets && !cancellation.IsCancellationRequested)
            {
                dataplane.Filter.Program("filter_egress").TestRun(frame, PacketsPerRun);
            }
        })).ToArray();

        var start = Stopwatch.GetTimestamp();
        var switches = 0;
        while (Volatile.Read(ref played) < Packets && !cancellation.IsCancellationRequested)
        {
            if (switches < Stopwatch.GetElapsedTime(start).TotalSeconds * SwitchesPerSecond)
            {
                dataplane.SwitchTo((++switches & 1) == 0 ? a : b);
            }
            else
            {
                Thread.Yield();
            }
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var player in players)
        {
            player.Join();
        }

        cancellation.ThrowIfCancellationRequested();
        var sent = (ulong)(Packets / PacketsPerRun * PacketsPerRun);
        var mixtures = SwitchedPair.Mixtures(dataplane.ReadCounters(), sent);
        report.Add(new Row
        {
            Goal = "G7",
            Case = string.Create(
                CultureInfo.InvariantCulture, $"mixed or unknown verdicts in {Packets:#,0} packets"),
            Ours = mixtures.Count,
            Unit = "",
            Target = 0,
            Note = string.Create(
                CultureInfo.InvariantCulture,
                $"{switches:#,0} switches, {switches / seconds:#,0} a second; {string.Join("; ", mixtures.Take(3))}"),
        });
    }
}
