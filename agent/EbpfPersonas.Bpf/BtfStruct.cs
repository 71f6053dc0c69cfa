namespace EbpfPersonas.Bpf;

/// <summary>A struct as compiled; <paramref name="Size"/> in octets.</summary>
public sealed record BtfStruct(string Name, int Size, IReadOnlyList<BtfMember> Members);
