namespace EbpfPersonas.Bpf;

/// <summary>
/// What the kernel says of a link: its number and its program's, and, where it is a tcx link, the interface (0 = it is
/// detached; the index counts in the interface's own network namespace) and the direction.
/// </summary>
public readonly record struct BpfLinkInfo(uint Id, uint ProgramId, bool IsTcx, int InterfaceIndex, bool Ingress);
