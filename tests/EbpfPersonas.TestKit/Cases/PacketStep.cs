namespace EbpfPersonas.TestKit.Cases;

/// <summary>A packet, and what becomes of it.</summary>
public sealed record PacketStep(int Line, CasePacket Packet, Expectation Expected) : CaseStep(Line)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Packet} => {Expected}";
}
