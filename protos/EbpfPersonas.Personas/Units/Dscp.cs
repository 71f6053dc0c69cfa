namespace EbpfPersonas.Personas.Units;

/// <summary>Differentiated services code points, 0-63 (RFC 2474, RFC 2597, RFC 3246), by name.</summary>
public static class Dscp
{
    /// <summary>The accepted words, for error messages.</summary>
    public const string Forms = "a number 0-63, or DF, EF, CS0 to CS7, or AF11 to AF43";

    /// <summary>
    /// Reads "DF", "EF", "CS0".."CS7" or "AF11".."AF43" in exactly that case; numbers are numbers in JSON and not read
    /// here.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out byte codePoint)
    {
        (var known, codePoint) = text switch
        {
            "DF" => (true, (byte)0),
            "EF" => (true, (byte)46),
            ['C', 'S', >= '0' and <= '7'] => (true, (byte)((text[2] - '0') << 3)),
            // RFC 2597 section 6: class 1-4 in the upper three bits, drop precedence 1-3 in the two after them.
            ['A', 'F', >= '1' and <= '4', >= '1' and <= '3'] =>
                (true, (byte)(((text[2] - '0') << 3) | ((text[3] - '0') << 1))),
            _ => (false, (byte)0),
        };
        return known;
    }
}
