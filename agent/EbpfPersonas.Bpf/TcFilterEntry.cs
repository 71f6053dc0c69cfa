namespace EbpfPersonas.Bpf;

/// <summary>
/// One filter of a qdisc, of whatever kind ("bpf", "flower", ...); the program's number is 0 where it has none.
/// </summary>
public readonly record struct TcFilterEntry(uint Priority, uint Handle, string Kind, uint ProgramId);
