namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// What becomes of a packet, in the closed words of verdict and reason; <paramref name="Rule"/> is null for none.
/// </summary>
public sealed record Expectation(string Verdict, string Reason, string? Rule)
{
    /// <summary>The words behind <c>=&gt;</c>; throws <see cref="FormatException"/>.</summary>
    public static Expectation Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 3)
        {
            throw new FormatException("Behind '=>' stand verdict, reason and rule (or '-').");
        }

        if (!CaseWords.Verdicts.Contains(words[0]))
        {
            throw new FormatException($"'{words[0]}' is no verdict.");
        }

        return CaseWords.Reasons.Contains(words[1])
            ? new Expectation(words[0], words[1], words[2] == "-" ? null : words[2])
            : throw new FormatException($"'{words[1]}' is no reason.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Verdict} {Reason} {Rule ?? "-"}";
}
