using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>A bit for each length from 0 to <see cref="TextOctets.Size"/> - 1.</summary>
[InlineArray(TextOctets.Size / 64)]
public struct LengthWords
{
    private ulong _first;
}
