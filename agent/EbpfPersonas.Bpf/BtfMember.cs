namespace EbpfPersonas.Bpf;

/// <summary>A member of a struct; offset and size in octets, size 0 for a bit field.</summary>
public sealed record BtfMember(string Name, int Offset, int Size)
{
    /// <summary>The number of its type.</summary>
    internal uint Type { get; init; }
}
