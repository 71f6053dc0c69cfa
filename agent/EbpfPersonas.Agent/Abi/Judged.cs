using System.Diagnostics.CodeAnalysis;

namespace EbpfPersonas.Agent.Abi;

/// <summary>enum judged of bpf/abi: the lower half of <see cref="Flow.Judged"/>.</summary>
[SuppressMessage("Design", "CA1027", Justification = "Masks and shifts of one word, as in C.")]
public enum Judged : uint
{
    /// <summary>The rule that made the verdict; all ones where none did.</summary>
    Rule = 0x007fffff,

    /// <summary><see cref="Abi.Reason"/>, 5 bits.</summary>
    ReasonShift = 23,

    /// <summary><see cref="Abi.Verdict"/>, 2 bits.</summary>
    VerdictShift = 28,

    /// <summary><see cref="Flow.Audited"/> names a rule.</summary>
    Audited = 0x40000000,
}
