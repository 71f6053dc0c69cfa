namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>What <see cref="TcpSide"/> holds at a moment.</summary>
public sealed record SideSnapshot(uint End, uint MaxEnd, uint MaxWindow, byte? Scale)
{
    /// <inheritdoc/>
    public override string ToString() => $"[end {End}, max end {MaxEnd}, max window {MaxWindow}, scale {Scale}]";
}
