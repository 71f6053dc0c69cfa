using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Runs by direction * 2 + family.</summary>
[InlineArray(4)]
public struct RuleRuns
{
    private RuleRun _first;
}
