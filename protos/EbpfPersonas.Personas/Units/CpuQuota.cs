namespace EbpfPersonas.Personas.Units;

/// <summary>Processor time in thousandths of a core: "2 cores", "2", "2000m" and "200%" are all 2000.</summary>
public static class CpuQuota
{
    /// <summary>The accepted forms, for error messages.</summary>
    public const string Forms = "a number of cores (2, \"2\", \"0.5\", \"1 core\", \"2 cores\"), of thousandths " +
        "(\"2000m\") or of per cent of one core (\"150%\")";

    /// <summary>The most that can be asked for: 8192 cores, the kernel's NR_CPUS limit on x86-64.</summary>
    public const long Max = 8_192_000;

    /// <summary>Reads 1 to <see cref="Max"/> thousandths of a core, a whole number of them.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long millicores)
    {
        millicores = 0;
        return Quantity.TrySplit(text, out var thousandths, out var unit)
            && Factor(unit) is { } factor
            && Quantity.TryScale(thousandths, factor, Max, out millicores);
    }

    private static long? Factor(ReadOnlySpan<char> unit) => unit switch
    {
        "" or " cores" or " core" => 1000,
        "%" => 10,
        "m" => 1,
        _ => null,
    };
}
