namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>How our filters hang on an interface, by direction; null where none does.</summary>
internal sealed record HangingFilter(string Interface, AttachMode? Ingress, AttachMode? Egress);
