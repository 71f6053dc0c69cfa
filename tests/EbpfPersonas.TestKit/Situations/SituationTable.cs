using System.Collections.Immutable;
using EbpfPersonas.Personas.Units;

namespace EbpfPersonas.TestKit.Situations;

/// <summary>
/// Reads tests/situations/*.txt, where README.txt says what the lines mean. Throws <see cref="FormatException"/> with
/// file and line for anything else.
/// </summary>
public static class SituationTable
{
    private static readonly string[] States = ["pinned", "live", "lingering", "held", "default"];

    /// <summary>All situations of a folder, by file and line.</summary>
    public static IReadOnlyList<SituationCase> ReadFolder(string folder) =>
    [
        .. Directory.GetFiles(folder, "*.txt").Where(file => Path.GetFileName(file) != "README.txt")
            .Order(StringComparer.Ordinal)
            .SelectMany(file => Read(Path.GetFileName(file), File.ReadAllText(file))),
    ];

    public static IReadOnlyList<SituationCase> Read(string file, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var cases = new List<SituationCase>();
        var number = 0;
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            try
            {
                if (Rest(line, "situation") is { } name)
                {
                    cases.Add(new SituationCase(
                        name, file, ImmutableSortedDictionary<string, string>.Empty, null,
                        new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero), []));
                }
                else if (cases.Count == 0)
                {
                    throw new FormatException("the first line says 'situation'");
                }
                else
                {
                    cases[^1] = With(cases[^1], line, number);
                }
            }
            catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
            {
                throw new FormatException($"{file}:{number}: {exception.Message}: {line}", exception);
            }
        }

        return cases;
    }

    private static SituationCase With(SituationCase known, string line, int number)
    {
        if (Rest(line, "persona") is { } persona)
        {
            var (name, document) = SituationWords.Persona(persona);
            return known with { Documents = known.Documents.Add(name, document) };
        }

        if (Rest(line, "default") is { } fallback)
        {
            return known with { Default = fallback };
        }

        if (Rest(line, "clock") is { } clock)
        {
            return known with { Clock = SituationWords.Clock(clock) };
        }

        var step = Step(line, number);
        return known.Steps.IsEmpty || known.Steps[^1].At < step.At
            ? known with { Steps = known.Steps.Add(step) }
            : throw new FormatException("what happens at one moment stands in one line, and time goes on");
    }

    private static SituationStep Step(string line, int number)
    {
        if (line.Split("=>") is not [var left, var right])
        {
            throw new FormatException("a step reads 'time facts => persona state'");
        }

        left = left.Trim();
        var space = left.IndexOf(' ', StringComparison.Ordinal);
        var at = Span(space < 0 ? left : left[..space]);
        var facts = space < 0
            ? []
            : left[space..].Split(" and ").Select(fact => SituationWords.Fact(fact.Trim())).ToImmutableArray();
        var expected = right.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        TimeSpan? next = expected is [.., "until", var end] ? Span(end) : null;
        expected = next is null ? expected : expected[..^2];
        var shadow = expected is [.., "shadow", var tried] ? tried : null;
        return (shadow is null ? expected : expected[..^2]) switch
        {
            ["none"] => new SituationStep(number, at, facts, null, "none", shadow, next),
            [var persona, var state] when States.Contains(state) =>
                new SituationStep(number, at, facts, persona, state, shadow, next),
            _ => throw new FormatException("'none', or a persona and one of " + string.Join(", ", States)),
        };
    }

    internal static TimeSpan Span(string text) =>
        Duration.TryParse(text, out var span) ? span : throw new FormatException($"'{text}' is no time such as 1m30s");

    private static string? Rest(string line, string word) =>
        line.StartsWith(word + " ", StringComparison.Ordinal) ? line[(word.Length + 1)..].Trim() : null;
}
