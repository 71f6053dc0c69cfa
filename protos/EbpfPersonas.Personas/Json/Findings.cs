using System.Globalization;
using System.Text;

namespace EbpfPersonas.Personas.Json;

/// <summary>Collects everything there is to say about one document, errors apart from warnings.</summary>
internal sealed class Findings
{
    /// <summary>
    /// A hostile document must not make an answer larger than itself: further findings of a kind are only counted.
    /// </summary>
    private const int Limit = 500;

    private readonly List<Finding> _errors = [];
    private readonly List<Finding> _warnings = [];
    private int _errorsLeftOff;
    private int _warningsLeftOff;

    public bool HasErrors => _errors.Count > 0;

    public IReadOnlyList<Finding> Errors => WithRest(_errors, _errorsLeftOff);

    public IReadOnlyList<Finding> Warnings => WithRest(_warnings, _warningsLeftOff);

    public void Error(string pointer, string code, string message) =>
        Add(_errors, ref _errorsLeftOff, new Finding(pointer, code, message));

    public void Warn(string pointer, string code, string message) =>
        Add(_warnings, ref _warningsLeftOff, new Finding(pointer, code, message));

    /// <summary>Accepted, stored, and without effect so far: said by name, so that nobody relies on it.</summary>
    public void NotEnforcedYet(string pointer, string consequence) => Warn(
        pointer, FindingCode.NotEnforcedYet, $"NOT_ENFORCED_YET: {Dotted(pointer)} is accepted, but {consequence}");

    /// <summary>"/a/0/b" as "a[0].b".</summary>
    public static string Dotted(string pointer)
    {
        var dotted = new StringBuilder();
        foreach (var segment in pointer.Split('/').Skip(1))
        {
            if (segment.Length > 0 && segment.All(char.IsAsciiDigit))
            {
                dotted.Append(CultureInfo.InvariantCulture, $"[{segment}]");
            }
            else
            {
                dotted.Append(dotted.Length > 0 ? "." : "").Append(segment);
            }
        }

        return dotted.ToString();
    }

    private static void Add(List<Finding> findings, ref int leftOff, Finding finding)
    {
        if (findings.Count < Limit)
        {
            findings.Add(finding);
        }
        else
        {
            leftOff++;
        }
    }

    private static List<Finding> WithRest(List<Finding> findings, int leftOff) => leftOff == 0
        ? findings
        : [.. findings, new Finding("", FindingCode.TooMany, $"{leftOff} more were left off.")];
}
