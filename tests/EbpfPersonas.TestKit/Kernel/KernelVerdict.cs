using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>
/// What the kernel said of one frame: verdict, reason and rule (null = none), whether the program let it pass, and the
/// rule in audit mode, if one matched.
/// </summary>
public sealed record KernelVerdict(Verdict Verdict, Reason Reason, string? Rule, bool Passed, string? AuditedRule)
{
    /// <summary>The frame that took the packet's place on the way back to its sender; null for none.</summary>
    public byte[]? Answer { get; init; }
}
