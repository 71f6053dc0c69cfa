namespace EbpfPersonas.Personas.Units;

/// <summary>Amounts of memory and storage in bytes: "4GB" is 4 * 10^9, "4GiB" is 4 * 2^30 (IEC 80000-13).</summary>
public static class ByteSize
{
    /// <summary>The accepted forms, for error messages.</summary>
    public const string Forms = "a number and one of B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB " +
        "(powers of 1024), " +
        "such as \"4GB\" or \"512MiB\"";

    /// <summary>The largest amount: 2^60 bytes.</summary>
    public const long Max = 1L << 60;

    /// <summary>
    /// Reads 1 to <see cref="Max"/> bytes, a whole number of them. A bare number and a bare "4G" are refused: both
    /// readings are in use.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        bytes = 0;
        return Quantity.TrySplit(text, out var thousandths, out var unit)
            && Factor(unit) is { } factor
            && Quantity.TryScale(thousandths, factor, Max, out bytes);
    }

    private static long? Factor(ReadOnlySpan<char> unit) => unit switch
    {
        "B" => 1,
        "kB" or "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1L << 10,
        "MiB" => 1L << 20,
        "GiB" => 1L << 30,
        "TiB" => 1L << 40,
        _ => null,
    };
}
