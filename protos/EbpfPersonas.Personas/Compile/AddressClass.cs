namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Addresses that are treated alike, because the same rules hold for them: those of the class around, and its own. A
/// value, and no object: there are as many as rules, and all live while a persona is compiled.
/// </summary>
internal struct AddressClass
{
    /// <summary>The number of the class of the prefix around; of the one that holds no rule, its own.</summary>
    public required int Outer { get; init; }

    /// <summary>The numbers of its own rules, in the builder's list of them.</summary>
    public required Range Rules { get; init; }

    /// <summary>The entries of its own rules, greatest tag first, in the builder's list.</summary>
    public required Range Own { get; init; }

    /// <summary>
    /// What its record holds by itself, greatest tag first, in the builder's list; all else that holds is in
    /// <see cref="Tree"/>.
    /// </summary>
    public required Range Entries { get; init; }

    /// <summary>The line of the port tree that it shares with others, or 0.</summary>
    public required int Tree { get; init; }

    /// <summary>The greatest tag in <see cref="Tree"/>.</summary>
    public required uint TreeTag { get; init; }

    /// <summary>What leads to its record.</summary>
    public required uint Reference { get; init; }

    /// <summary>The greatest tag that holds.</summary>
    public required uint GreatestTag { get; init; }

    /// <summary>
    /// The line of a port tree with everything that holds for the class, once one was needed; else -1.
    /// </summary>
    public int WholeTree { get; set; }

    /// <summary>How often classes inside took a copy of <see cref="Entries"/> too long for a record.</summary>
    public int Copies { get; set; }

    /// <summary>Another class in the same bucket of the builder's table, or -1.</summary>
    public int Next { get; set; }
}
