using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>The program for each direction.</summary>
internal sealed record FilterPrograms(BpfProgram Ingress, BpfProgram Egress);
