namespace EbpfPersonas.Bpf;

/// <summary>One program of a tcx chain; the link's number is 0 where it was attached without one.</summary>
public readonly record struct TcxEntry(uint ProgramId, uint LinkId);
