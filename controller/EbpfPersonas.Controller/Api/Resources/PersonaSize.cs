using EbpfPersonas.Personas.Compile;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>What a persona costs: what an agent gets of it, and what it becomes there.</summary>
/// <param name="Rules">Rules that are enforced.</param>
/// <param name="Prefixes">Addresses and CIDRs in them.</param>
/// <param name="WireBytes">Bytes of the message to the agent.</param>
/// <param name="Intervals">Address intervals that the rules cut both directions and families into.</param>
/// <param name="Classes">Kinds of addresses that are treated alike.</param>
/// <param name="Lines">Cache lines of the agent's memory for personas.</param>
/// <param name="Octets">The same in octets; counters are apart.</param>
internal sealed record PersonaSize(
    int Rules, int Prefixes, int WireBytes, int Intervals, int Classes, int Lines, long Octets)
{
    public static PersonaSize Of(V1.Persona wire, CompiledSize compiled) => new(
        wire.Rules.Count, wire.Rules.Sum(rule => rule.Peers.Count + rule.Except.Count), wire.CalculateSize(),
        compiled.Intervals, compiled.Classes, compiled.Lines, compiled.Octets);
}
