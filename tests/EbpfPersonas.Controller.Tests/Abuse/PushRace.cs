using System.Diagnostics;
using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>
/// How long a push to a good agent takes, with and without an attack, in turns: from the request that activates a
/// persona until the status says Realized. The medians of all turns are compared, which other work on the machine moves
/// alike; since it may still fall on one side, the best of up to <paramref name="races"/> races counts.
/// </summary>
internal sealed class PushRace(RunningController controller, string vm, int races = 3)
{
    /// <summary>How much slower a push may be under attack.</summary>
    public const double Bound = 2;

    private const int Turns = 4;

    private const int PushesInTurn = 15;

    private readonly List<string> _measured = [];
    private int _pushes;

    /// <summary>
    /// Races; <paramref name="attack"/> begins an attack, whose end is awaited when it is disposed.
    /// </summary>
    public async Task<string> RunAsync(Func<Task<IAsyncDisposable>> attack)
    {
        foreach (var name in (string[])["red", "green"])
        {
            await controller.PutPersonaAsync(
                RunningController.Persona.Replace("\"db\"", $"\"{name}\"", StringComparison.Ordinal));
        }

        await using var agent = await controller.AgentAsync(vm);
        await controller.WaitForVmAsync(vm, status => (bool)status["connected"]!);
        // What is compiled at the first use is none of either side's time.
        await PushAsync(agent, 30);
        for (var race = 0; race < races; race++)
        {
            List<double> quiet = [], attacked = [];
            for (var turn = 0; turn < Turns; turn++)
            {
                quiet.AddRange(await PushAsync(agent, PushesInTurn));
                await using (await attack())
                {
                    attacked.AddRange(await PushAsync(agent, PushesInTurn));
                }
            }

            _measured.Add($"{Median(quiet):F1} ms quiet, {Median(attacked):F1} ms attacked");
            if (Median(attacked) <= Bound * Median(quiet))
            {
                return _measured[^1];
            }
        }

        Assert.Fail($"Pushes are slower under attack: {string.Join("; ", _measured)}");
        return "";
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    private async Task<List<double>> PushAsync(FakeAgent agent, int count)
    {
        var times = new List<double>();
        for (var push = 0; push < count; push++)
        {
            var watch = Stopwatch.StartNew();
            await controller.ActivateAsync(vm, $$"""{"persona":"{{(_pushes++ % 2 == 0 ? "red" : "green")}}"}""");
            await agent.RealiseNextAsync();
            await agent.NextReceiptAsync();
            var status = await controller.StatusAsync(vm);
            times.Add(watch.Elapsed.TotalMilliseconds);
            Assert.Equal("Realized", (string?)status["phase"]);
        }

        return times;
    }
}
