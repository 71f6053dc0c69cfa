using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>The best first.</summary>
[InlineArray(StageTable.ConditionCount)]
public struct StageList
{
    private Stage _first;
}
