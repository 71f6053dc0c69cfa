using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Compile;

namespace EbpfPersonas.Benchmarks;

/// <summary>
/// How an agent is set up for rule sets of a size, two of which are resident while one replaces the other.
/// </summary>
internal static class Room
{
    /// <summary>Twice what a rule of a usual set may need.</summary>
    public const int LinesPerRule = 8;

    public static DataplaneOptions For(int rules, int linesPerRule = LinesPerRule)
    {
        var usual = new DataplaneOptions();
        return usual with
        {
            LineCapacity = Math.Max(PersonaCompiler.DefaultLinesMax, 2 * linesPerRule * rules),
            RuleCapacity = Math.Max(usual.RuleCapacity, 2 * rules),
        };
    }
}
