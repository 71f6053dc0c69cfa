using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>What one compared packet counts as; <paramref name="Rules"/> is the size of its rule set.</summary>
public readonly record struct ProofCase(
    string Kind, int Rules, bool IsV6, Direction Direction, string Verdict, string Reason, bool HitsRule);
