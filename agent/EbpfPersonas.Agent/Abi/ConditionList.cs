using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>By number.</summary>
[InlineArray(StageTable.ConditionCount)]
public struct ConditionList
{
    private Condition _first;
}
