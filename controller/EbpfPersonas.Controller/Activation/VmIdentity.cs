using System.Collections.Immutable;

namespace EbpfPersonas.Controller.Activation;

/// <summary>What an agent says of itself when its stream begins.</summary>
internal sealed record VmIdentity(
    string AgentVersion, string KernelRelease, string BootId, ImmutableArray<string> Capabilities);
