namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>enum tag of bpf/abi: {rank:23 | lanes:6 | audit:1 | action:2}; the greatest tag decides.</summary>
public enum Tag
{
    /// <summary>The bits of the action, <see cref="Model.RuleAction"/>.</summary>
    Action = 3,

    /// <summary>The rule is in audit mode.</summary>
    Audit = 4,

    /// <summary>The bit of lane 0; lane n is this shifted by n.</summary>
    Lane = 8,

    /// <summary>What one rank is worth.</summary>
    Rank = 512,
}
