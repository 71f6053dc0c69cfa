using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Compile;

namespace EbpfPersonas.Benchmarks;

/// <summary>How an agent is set up for rule sets of a size, two of which are resident while one replaces the other.</summary>
internal static class Room
{
    private const int LinesPerRule = 8;

    public static DataplaneOptions For(int rules)
    {
        var usual = new DataplaneOptions();
        return usual with
        {
            LineCapacity = Math.Max(PersonaCompiler.DefaultLinesMax, 2 * LinesPerRule * rules),
            RuleCapacity = Math.Max(usual.RuleCapacity, 2 * rules),
        };
    }
}
