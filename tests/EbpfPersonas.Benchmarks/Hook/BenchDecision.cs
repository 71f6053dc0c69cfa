using System.Runtime.InteropServices;

namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>struct bench_decision of bpf/tests/bench/datapath.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BenchDecision
{
    /// <summary>Place of the rule in the persona's order, or <see cref="NoRule"/>.</summary>
    public uint Rule;

    public uint Verdict;

    public const uint NoRule = uint.MaxValue;

    public readonly bool Passes => Verdict is (uint)Agent.Abi.Verdict.Forwarded;
}
