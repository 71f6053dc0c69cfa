namespace EbpfPersonas.Personas.Units;

/// <summary>Spans of time as whole numbers with units, largest unit first: "30s", "5m", "1h30m", "250ms".</summary>
public static class Duration
{
    /// <summary>The accepted forms, for error messages.</summary>
    public const string Forms = "whole numbers with d, h, m, s or ms, the larger unit first and each at most once, " +
        "such as \"30s\", \"5m\" or \"1h30m\"";

    /// <summary>The longest span: 366 days.</summary>
    public static TimeSpan Max { get; } = TimeSpan.FromDays(366);

    /// <summary>
    /// Reads 0 to <see cref="Max"/>. There is no default unit, no fraction, no sign and no blank; a number may exceed
    /// its unit ("90m" is an hour and a half).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        long total = 0;
        var last = long.MaxValue;
        var rest = text;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 12)
            {
                return false;
            }

            var amount = long.Parse(rest[..digits], System.Globalization.CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9');
            var unit = letters < 0 ? rest : rest[..letters];
            if (Milliseconds(unit) is not { } factor || factor >= last || amount > (long)Max.TotalMilliseconds / factor)
            {
                return false;
            }

            total += amount * factor;
            last = factor;
            rest = rest[unit.Length..];
        }

        if (text.IsEmpty || total > (long)Max.TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(total);
        return true;
    }

    private static long? Milliseconds(ReadOnlySpan<char> unit) => unit switch
    {
        "d" => 86_400_000,
        "h" => 3_600_000,
        "m" => 60_000,
        "s" => 1_000,
        "ms" => 1,
        _ => null,
    };
}
