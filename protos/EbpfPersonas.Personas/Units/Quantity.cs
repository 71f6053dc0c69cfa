namespace EbpfPersonas.Personas.Units;

/// <summary>
/// A decimal number followed at once by a unit, such as "4GB" or "1.5Gbit": the shape that the units share.
/// </summary>
internal static class Quantity
{
    /// <summary>
    /// Splits "1.5GB" into 1500 thousandths and "GB". At most 12 digits before the point and 3 after it; no sign,
    /// exponent, grouping or blank; no leading zero before another digit.
    /// </summary>
    public static bool TrySplit(ReadOnlySpan<char> text, out long thousandths, out ReadOnlySpan<char> unit)
    {
        thousandths = 0;
        unit = default;
        var whole = text[..CountDigits(text)];
        var rest = text[whole.Length..];
        if (whole.Length is 0 or > 12 || (whole.Length > 1 && whole[0] == '0'))
        {
            return false;
        }

        foreach (var digit in whole)
        {
            thousandths = (thousandths * 10) + (digit - '0');
        }

        thousandths *= 1000;
        if (rest is ['.', ..])
        {
            var fraction = rest[1..][..CountDigits(rest[1..])];
            if (fraction.Length is 0 or > 3)
            {
                return false;
            }

            var weight = 100;
            foreach (var digit in fraction)
            {
                thousandths += (digit - '0') * weight;
                weight /= 10;
            }

            rest = rest[(1 + fraction.Length)..];
        }

        unit = rest;
        return true;
    }

    /// <summary>thousandths * factor / 1000, when that is a whole number from 1 to <paramref name="max"/>.</summary>
    public static bool TryScale(long thousandths, long factor, long max, out long value)
    {
        var scaled = (Int128)thousandths * factor;
        value = 0;
        if (scaled % 1000 != 0 || scaled < 1000 || scaled / 1000 > max)
        {
            return false;
        }

        value = (long)(scaled / 1000);
        return true;
    }

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
