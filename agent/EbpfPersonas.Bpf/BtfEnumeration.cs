namespace EbpfPersonas.Bpf;

/// <summary>An enum as compiled.</summary>
public sealed record BtfEnumeration(string Name, IReadOnlyDictionary<string, int> Members);
