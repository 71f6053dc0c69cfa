using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct judge_request of bpf/abi: a question to a resident persona, and its answer.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct JudgeRequest
{
    /// <summary>The question.</summary>
    public FirstPacket Packet;

    /// <summary>The slot that is asked.</summary>
    public uint Slot;

    /// <summary>Answer: <see cref="RuleAction"/>.</summary>
    public uint Action;

    /// <summary>Answer: the rule that decides, or all ones.</summary>
    public uint Rule;

    /// <summary>Answer: the first rule in audit mode that would have decided earlier, or all ones.</summary>
    public uint AuditedRule;
}
