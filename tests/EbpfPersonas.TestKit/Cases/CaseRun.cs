using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>Runs a case through whatever decides on packets.</summary>
public static class CaseRun
{
    /// <summary>
    /// The lines that came out differently. <paramref name="read"/> gives the persona of a document of the case (null
    /// for none), <paramref name="switchTo"/> puts it in force under a new epoch, <paramref name="decide"/> says what
    /// becomes of a packet.
    /// </summary>
    public static IReadOnlyList<string> Differences(
        CaseFolder @case, Func<string?, Persona?> read, Action<Persona?> switchTo, Func<CasePacket, Expectation> decide)
    {
        ArgumentNullException.ThrowIfNull(@case);
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(switchTo);
        ArgumentNullException.ThrowIfNull(decide);
        List<string> differences = [];
        foreach (var step in @case.Steps)
        {
            if (step is SwitchStep { PersonaFile: var file })
            {
                switchTo(read(file));
            }
            else if (step is PacketStep packet && decide(packet.Packet) is var said && said != packet.Expected)
            {
                differences.Add($"{@case.Name}:{packet.Line}: {packet}, but it was {said}");
            }
        }

        return differences;
    }
}
