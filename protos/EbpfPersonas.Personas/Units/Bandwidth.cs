namespace EbpfPersonas.Personas.Units;

/// <summary>Data rates in bit/s, as network equipment counts them: "100M" is 100 * 10^6 bit/s.</summary>
public static class Bandwidth
{
    /// <summary>The accepted forms, for error messages.</summary>
    public const string Forms = "a number and one of bit, k, M, G, T (powers of 1000, in bit/s), each but bit " +
        "optionally followed by " +
        "bit or bps, such as \"100M\", \"100Mbit\" or \"1.5Gbps\"";

    /// <summary>The largest rate: 100 Tbit/s.</summary>
    public const long Max = 100_000_000_000_000;

    /// <summary>
    /// Reads 1 bit/s to <see cref="Max"/>. Binary prefixes, "m" (which would be milli) and bytes per second ("MB/s")
    /// are refused rather than guessed.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long bitsPerSecond)
    {
        bitsPerSecond = 0;
        return Quantity.TrySplit(text, out var thousandths, out var unit)
            && Factor(unit) is { } factor
            && Quantity.TryScale(thousandths, factor, Max, out bitsPerSecond);
    }

    private static long? Factor(ReadOnlySpan<char> unit) => unit switch
    {
        "bit" or "bps" => 1,
        "k" or "K" or "kbit" or "Kbit" or "kbps" or "Kbps" => 1_000,
        "M" or "Mbit" or "Mbps" => 1_000_000,
        "G" or "Gbit" or "Gbps" => 1_000_000_000,
        "T" or "Tbit" or "Tbps" => 1_000_000_000_000,
        _ => null,
    };
}
