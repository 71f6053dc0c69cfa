using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Addresses that are treated alike, because the same rules hold for them: those of the class around, and its own.
/// </summary>
internal sealed class AddressClass
{
    /// <summary>A number of its own.</summary>
    public required int Number { get; init; }

    /// <summary>The class of the prefix around; null for the one that holds no rule.</summary>
    public required AddressClass? Outer { get; init; }

    /// <summary>The numbers of its own rules.</summary>
    public required int[] Rules { get; init; }

    /// <summary>The entries of its own rules, greatest tag first.</summary>
    public required PortEntry[] Own { get; init; }

    /// <summary>
    /// What its record holds by itself, greatest tag first; all else that holds is in <see cref="Tree"/>.
    /// </summary>
    public required PortEntry[] Entries { get; init; }

    /// <summary>The line of the port tree that it shares with others, or 0.</summary>
    public required int Tree { get; init; }

    /// <summary>The greatest tag in <see cref="Tree"/>.</summary>
    public required uint TreeTag { get; init; }

    /// <summary>What leads to its record.</summary>
    public required uint Reference { get; init; }

    /// <summary>The greatest tag that holds.</summary>
    public uint GreatestTag => Entries.Length > 0 ? Math.Max(Entries[0].Tag, TreeTag) : TreeTag;

    /// <summary>A port tree with everything that holds for the class, once one was needed.</summary>
    public int? WholeTree { get; set; }

    /// <summary>How often classes inside took a copy of <see cref="Entries"/> too long for a record.</summary>
    public int Copies { get; set; }

    /// <summary>Another class with the same hash of outer class and rules.</summary>
    public AddressClass? Next { get; set; }
}
