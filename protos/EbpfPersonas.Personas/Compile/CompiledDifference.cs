using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// A packet that a compiled persona judges otherwise than its rules mean; both answers in words, such as "deny by
/// no-db, audited by trial".
/// </summary>
public sealed record CompiledDifference(Packet Packet, string Meaning, string Compiled)
{
    /// <summary>
    /// "egress tcp 10.0.0.11 port 3306 is deny by no-db, but compiled it is allow by the default."
    /// </summary>
    public string Sentence => $"{Packet.Words} is {Meaning}, but compiled it is {Compiled}.";
}
