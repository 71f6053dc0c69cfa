namespace EbpfPersonas.Bpf;

/// <summary>A type as it lies in memory: a struct or union, an array, or anything else, which has neither.</summary>
internal sealed record BtfShape(string Name, int Size)
{
    /// <summary>Of a struct or union.</summary>
    public IReadOnlyList<BtfMember>? Members { get; init; }

    /// <summary>The number of an array's element type, 0 for what is no array.</summary>
    public uint Element { get; init; }

    /// <summary>Elements of an array.</summary>
    public int Length { get; init; }
}
