using System.Globalization;
using System.Text.RegularExpressions;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>Log messages: unique ids, each host in its range.</summary>
internal static partial class EventIds
{
    private static readonly (string Folder, int First, int Last)[] Ranges =
        [("agent", 1000, 1999), ("controller", 2000, 2999)];

    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files)
    {
        var ids = (from file in files
                   where file.IsCSharp && !file.IsIn("tests")
                   from match in Message().Matches(file.Text)
                   select (file.Path,
                       Id: int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var id) ? id : -1))
            .ToArray();
        var twice = ids.GroupBy(id => id.Id).Where(same => same.Key >= 0 && same.Count() > 1)
            .Select(same => $"event id {same.Key} is used {same.Count()} times");
        var outside = ids.Where(id => !Ranges.Any(range =>
                id.Path.StartsWith(range.Folder + "/", StringComparison.Ordinal)
                    && id.Id >= range.First && id.Id <= range.Last))
            .Select(id => $"{id.Path}: event id {(id.Id < 0 ? "is missing" : id.Id)} is outside of its host's range");
        return twice.Concat(outside);
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)?")]
    private static partial Regex Message();
}
