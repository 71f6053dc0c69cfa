using System.Collections.Immutable;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// A case folder with packets: <c>persona.json</c> is active from the start, the steps of <c>packets.txt</c> follow in
/// order through one fresh conntrack.
/// </summary>
public sealed record CaseFolder(string Name, string Folder, ImmutableArray<CaseStep> Steps)
{
    /// <summary>The document that is active at the start.</summary>
    public const string PersonaFile = "persona.json";

    /// <summary>What happens, line by line.</summary>
    public const string PacketsFile = "packets.txt";

    /// <summary>Every case below <paramref name="casesFolder"/> that has packets, by name.</summary>
    public static ImmutableArray<CaseFolder> LoadAll(string casesFolder) =>
    [
        .. Directory.EnumerateDirectories(casesFolder)
            .Where(folder => File.Exists(Path.Combine(folder, PacketsFile)))
            .Order(StringComparer.Ordinal)
            .Select(Load),
    ];

    /// <summary>Reads one folder; throws <see cref="FormatException"/> that names file and line.</summary>
    public static CaseFolder Load(string folder)
    {
        var path = Path.Combine(folder, PacketsFile);
        return new CaseFolder(Path.GetFileName(folder), folder, ParseSteps(path, File.ReadAllLines(path)));
    }

    /// <summary>
    /// Reads the lines of a file; <paramref name="path"/> is for the message of the <see cref="FormatException"/>.
    /// </summary>
    public static ImmutableArray<CaseStep> ParseSteps(string path, IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var steps = ImmutableArray.CreateBuilder<CaseStep>();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line.StartsWith('#'))
            {
                continue;
            }

            try
            {
                steps.Add(ParseStep(line, i + 1));
            }
            catch (FormatException wrong)
            {
                throw new FormatException($"{path}:{i + 1}: {wrong.Message}", wrong);
            }
        }

        return steps.ToImmutable();
    }

    private static CaseStep ParseStep(string line, int number)
    {
        if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["switch", .. var which])
        {
            return which switch
            {
                [] => new SwitchStep(number, PersonaFile),
                ["none"] => new SwitchStep(number, null),
                [var file] when file.EndsWith(".json", StringComparison.Ordinal) => new SwitchStep(number, file),
                _ => throw new FormatException("A switch is 'switch', 'switch none' or 'switch FILE.json'."),
            };
        }

        return line.Split("=>", 2) is [var packet, var expected]
            ? new PacketStep(number, PacketParser.Parse(packet), Expectation.Parse(expected))
            : throw new FormatException("There is no '=>'.");
    }
}
