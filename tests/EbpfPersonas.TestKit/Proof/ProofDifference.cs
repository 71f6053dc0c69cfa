using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// Where kernel and reference differ, as a case: documents by file name, lines of packets.txt that say what the
/// reference says, and what the kernel said instead of the last one.
/// </summary>
public sealed record ProofDifference(
    ImmutableSortedDictionary<string, Persona> Documents, ImmutableArray<string> Lines, string Said)
{
    /// <summary>Makes a case folder of it.</summary>
    public void WriteTo(string folder) =>
        CaseWriter.Write(folder, Documents, Lines.Prepend($"# The kernel said: {Said}"));

    /// <inheritdoc/>
    public override string ToString() => $"{Lines[^1]}, but the kernel said {Said}";
}
