using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Conntrack;
using EbpfPersonas.TestKit.Fuzzing;
using Xunit.Abstractions;

namespace EbpfPersonas.Personas.Tests.Fuzzing;

public sealed class RandomConnectionTests(ITestOutputHelper output)
{
    private const int ConnectionCount = 5000;

    [Fact]
    public void Connections_reach_every_state_and_every_reason()
    {
        var random = new Prng(1);
        var reasons = new Dictionary<string, int>();
        var ends = new Dictionary<FlowMarks, int>();
        var (packets, mostScaled) = (0, 0u);
        for (var i = 0; i < ConnectionCount; i++)
        {
            var (first, personas, steps) = TestKit.Proof.Connections.Make(random);
            var reference = new ReferenceDatapath(personas[0]);
            foreach (var (packet, number) in steps)
            {
                if (packet is null)
                {
                    reference.Switch(personas[number]);
                    continue;
                }

                var said = reference.Decide(packet);
                var words = $"{said.Verdict} {said.Reason}";
                reasons[words] = reasons.GetValueOrDefault(words) + 1;
                packets++;
            }

            var flow = reference.Flows.Find(FlowTuple.Of(first)!.Value);
            var marks = flow?.Marks ?? (FlowMarks)64;
            ends[marks] = ends.GetValueOrDefault(marks) + 1;
            mostScaled = Math.Max(mostScaled, flow?.Side(Direction.Ingress).MaxWindow ?? 0);
        }

        foreach (var (reason, count) in reasons.OrderByDescending(reason => reason.Value))
        {
            output.WriteLine($"{100.0 * count / packets,6:F2} % {reason}");
        }

        foreach (var (marks, count) in ends.OrderByDescending(end => end.Value))
        {
            output.WriteLine($"{100.0 * count / ConnectionCount,6:F2} % {marks}");
        }

        Assert.True(mostScaled > 1 << 24, "no window was scaled");
    }
}
