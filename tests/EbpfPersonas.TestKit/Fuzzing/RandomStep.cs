using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>A packet; or, where that is null, a switch to the persona of that number.</summary>
public sealed record RandomStep(CasePacket? Packet, int Persona)
{
    /// <inheritdoc/>
    public override string ToString() => Packet is null ? $"switch {Persona}.json" : Packet.ToString();
}
