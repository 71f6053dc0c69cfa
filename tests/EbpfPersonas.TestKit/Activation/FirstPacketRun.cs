using System.Diagnostics;
using System.Globalization;

namespace EbpfPersonas.TestKit.Activation;

/// <summary>
/// So many processes whose first instructions send to an address that their persona forbids, and to one that only it
/// allows; and some more that are called otherwise, for which it is the other way around.
/// </summary>
public sealed record FirstPacketRun(string Part, int Times, Arrivals Arrived, int OtherTimes, Arrivals OtherArrived)
{
    private const int OthersMax = 1_000;
    private const int Busy = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What the machine and the agent do meanwhile.</summary>
    public static IReadOnlyList<string> Parts { get; } =
    [
        "idle", "with 4 busy processes", "with the agent stopped", "with the agent stopped and 4 busy processes",
        "with the agent killed",
    ];

    public TimeSpan Took { get; private init; }

    /// <summary>Nothing that is forbidden came, and all that is allowed did.</summary>
    public bool Holds =>
        Arrived == new Arrivals(0, 0, Times, Times) && OtherArrived == new Arrivals(OtherTimes, OtherTimes, 0, 0);

    /// <summary>
    /// Runs one of <see cref="Parts"/>; the agent is up and in contact after it, as before. After each
    /// <paramref name="chunk"/> it calls <paramref name="progress"/> with how many were made.
    /// </summary>
    public static async Task<FirstPacketRun> MakeAsync(
        StagedSystem system, string part, int times, int chunk = int.MaxValue, Action<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(part);
        var busy = part.Contains("busy", StringComparison.Ordinal) ? Busy : 0;
        var others = Math.Min(times, OthersMax);
        if (part.Contains("stopped", StringComparison.Ordinal))
        {
            system.StopAgent();
        }
        else if (part.Contains("killed", StringComparison.Ordinal))
        {
            await system.Agent.KillAsync();
        }

        var start = Stopwatch.GetTimestamp();
        var arrived = default(Arrivals);
        for (var made = 0; made < times; progress?.Invoke(made))
        {
            var next = Math.Min(chunk, times - made);
            arrived += await system.RunAsync(next, system.Mysql, busy);
            made += next;
        }

        var run = new FirstPacketRun(part, times, arrived, others, await system.RunAsync(others, system.Other, busy))
        {
            Took = Stopwatch.GetElapsedTime(start),
        };
        if (part.Contains("stopped", StringComparison.Ordinal))
        {
            system.ContinueAgent();
        }
        else if (part.Contains("killed", StringComparison.Ordinal))
        {
            await system.Agent.StartAgainAsync();
        }

        await system.Api.WaitUntilRealisedAsync(StagedSystem.Vm, StagedSystem.Before, Patience);
        await system.Agent.WaitUntilConnectedAsync(Patience);
        return run;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Part}: {Times:N0} first packets of each kind, forbidden {Arrived.UdpOld} UDP and {Arrived.TcpOld} TCP, "
        + $"allowed {Arrived.UdpNew:N0} and {Arrived.TcpNew:N0}; {OtherTimes:N0} others {OtherArrived}; "
        + $"{Took.TotalSeconds:F1} s");
}
