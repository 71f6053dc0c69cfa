using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.TestKit.Activation;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Prove;

/// <summary>
/// First packets of new processes under a real agent and a real controller: of the number that is asked for a third
/// each while the machine is idle, while it is busy, and while the agent is stopped; and some more besides.
/// </summary>
internal sealed class ActivationCampaign(int times, CancellationToken cancellation)
{
    /// <summary>The kind of these parts.</summary>
    public const string Kind = "activation";

    private const int ChunkSize = 1_000;
    private const int LeakTimes = 2_000;
    private const int Thirds = 3;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private TimeSpan _reported;

    /// <summary>Whether every first packet met its persona, and without the kernel some did not.</summary>
    public async Task<bool> RunAsync()
    {
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"prove: {times:N0} processes whose first instructions send to a forbidden and to an allowed address"));
        var runs = new List<FirstPacketRun>();
        await using (var lab = await Lab.CreateAsync())
        await using (var system = await StagedSystem.StartAsync(lab))
        {
            for (var part = 0; part < FirstPacketRun.Parts.Count; part++)
            {
                runs.Add(await RunAsync(system, FirstPacketRun.Parts[part], TimesOf(part)));
            }
        }

        var leaked = await LeakAsync();
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"prove: {runs.Take(Thirds).Sum(run => run.Times):N0} of {times:N0} and "
            + $"{runs.Skip(Thirds).Sum(run => run.Times):N0} more, "
            + $"{runs.Sum(run => run.Arrived.UdpOld + run.Arrived.TcpOld)} forbidden packets, "
            + $"{runs.Count(run => !run.Holds)} of {runs.Count} parts failed, {_elapsed.Elapsed:mm\\:ss}"));
        return leaked && runs.TrueForAll(run => run.Holds);
    }

    /// <summary>The first three share what is asked for; the others get a tenth of it each.</summary>
    private int TimesOf(int part) => part < Thirds
        ? (times / Thirds) + (part < times % Thirds ? 1 : 0)
        : Math.Max(1, times / 10);

    private async Task<FirstPacketRun> RunAsync(StagedSystem system, string part, int count)
    {
        var made = await FirstPacketRun.MakeAsync(system, part, count, ChunkSize, sofar =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (_elapsed.Elapsed - _reported >= ProgressInterval)
            {
                _reported = _elapsed.Elapsed;
                Say(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_elapsed.Elapsed:mm\\:ss}  {part}: {sofar:N0} of {count:N0}"));
            }
        });
        Say($"{(made.Holds ? "ok    " : "FAILED")} {made}");
        return made;
    }

    private static async Task<bool> LeakAsync()
    {
        await using var lab = await Lab.CreateAsync();
        await using var system = await StagedSystem.StartAsync(lab, activation: "controller");
        var arrived = await system.RunAsync(LeakTimes, system.Mysql);
        var leaked = arrived.UdpOld + arrived.TcpOld;
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{(leaked > 0 ? "ok    " : "VOID: ")} switched by the controller instead: of {LeakTimes:N0} first packets "
            + $"of each kind {arrived.UdpOld:N0} UDP and {arrived.TcpOld:N0} TCP reach what is forbidden, "
            + $"{arrived.UdpNew:N0} and {arrived.TcpNew:N0} what is allowed"));
        return leaked > 0;
    }

    private static void Say(string line) => Console.WriteLine(line);
}
