using System.Globalization;
using System.Text.Json.Nodes;

namespace EbpfPersonas.TestKit.Situations;

/// <summary>Reads the facts of a step.</summary>
internal static class SituationWords
{
    /// <summary>"web {...}" as the name and the whole document.</summary>
    public static (string Name, string Document) Persona(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var name = space < 0 ? text : text[..space];
        var members = (JsonNode.Parse(space < 0 ? "{}" : text[space..]) as JsonObject)
            ?? throw new FormatException("a persona is a JSON object");
        members.Insert(0, "name", name);
        return (name, members.ToJsonString());
    }

    public static DateTimeOffset Clock(string text) => DateTimeOffset.ParseExact(
        text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public static SituationFact Fact(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
    {
        ["start", var pid, var program, .. var more] => Started(Number(pid), program, more),
        ["fork", var parent, "as", var pid] => new SituationFact.Forked(Number(pid), Number(parent)),
        ["exit", var pid] => new SituationFact.Exited(Number(pid)),
        ["pin", var persona] => new SituationFact.Pinned(persona, null),
        ["pin", var persona, "for", var ttl] => new SituationFact.Pinned(persona, SituationTable.Span(ttl)),
        ["deactivate"] => new SituationFact.Deactivated(),
        ["bind", ..] => Bound(text[5..].Trim()),
        ["unbind", var persona] => new SituationFact.Unbound(persona),
        ["default", "nothing"] => new SituationFact.DefaultSet(null),
        ["default", var persona] => new SituationFact.DefaultSet(persona),
        ["clock", var wall] => new SituationFact.ClockSet(Clock(wall)),
        ["restart"] => new SituationFact.Restarted(),
        ["scan"] => new SituationFact.Scanned(),
        _ => throw new FormatException("no such fact"),
    };

    private static SituationFact.Bound Bound(string text)
    {
        var (name, document) = Persona(text);
        return new SituationFact.Bound(name, document);
    }

    /// <summary>"/bin/sh", "sh" in /usr/bin, "mysql->mariadb" for a link, "script:x" without an executable.</summary>
    private static SituationFact.Started Started(uint pid, string program, ReadOnlySpan<string> more)
    {
        var (given, executable) = program.Split("->") is [var link, var file] ? (Path(link), Path(file))
            : program.StartsWith("script:", StringComparison.Ordinal) ? (Path(program[7..]), "")
            : (Path(program), Path(program));
        var started = new SituationFact.Started(pid, 0, given, executable, 0, "root");
        while (!more.IsEmpty)
        {
            started = more switch
            {
                ["user", var user, ..] when user.Split(':') is [var name, var id] =>
                    started with { UserName = name, UserId = Number(id) },
                ["parent", var parent, ..] => started with { ParentPid = Number(parent) },
                _ => throw new FormatException("a start goes on with 'user NAME:ID' or 'parent PID'"),
            };
            more = more[2..];
        }

        return started;
    }

    private static string Path(string program) =>
        program.Contains('/', StringComparison.Ordinal) ? program : "/usr/bin/" + program;

    private static uint Number(string text) => uint.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
