namespace EbpfPersonas.Bpf;

/// <summary>A member of a struct; offset and size in octets, size 0 for a bit field.</summary>
public sealed record BtfMember(string Name, int Offset, int Size);
