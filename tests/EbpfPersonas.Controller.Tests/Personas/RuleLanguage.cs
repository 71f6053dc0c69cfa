using System.Text;
using System.Text.Json.Nodes;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Validation;

namespace EbpfPersonas.Controller.Tests.Personas;

/// <summary>
/// The fields of the rule language, found by asking the reader: an unknown member's error lists what is known beside
/// it. Objects that know the same members are of one type where they stand side by side, as the rules of lists do.
/// </summary>
internal sealed class RuleLanguage
{
    private const string Item = "*";
    private const string Unknown = "?";

    /// <summary>Where a document speaks of rules; below them, shaping is a language of its own.</summary>
    private static readonly string[][] Roots = [["network_profile"], ["tests", Item], ["lifecycle"]];
    private static readonly string[] OtherLanguages = ["qos"];

    private readonly Dictionary<string, string> _typeByPlace = [];
    private readonly HashSet<(string Type, string Field)> _fields = [];

    private RuleLanguage()
    {
    }

    /// <summary>Each field with its type, which is called by the place where it was met first.</summary>
    public IReadOnlySet<(string Type, string Field)> Fields => _fields;

    public static RuleLanguage OfReader()
    {
        var language = new RuleLanguage();
        var types = new Dictionary<string, string>();
        var places = new Queue<string[]>(Roots);
        while (places.TryDequeue(out var place))
        {
            if (Known(place) is not { } names)
            {
                continue;
            }

            var owner = string.Join('/', place[^1] == Item ? place[..^2] : place[..^1]);
            var kind = $"{language._typeByPlace.GetValueOrDefault(owner)} {string.Join(' ', names)}";
            types.TryAdd(kind, string.Join('/', place));
            language._typeByPlace.Add(string.Join('/', place), types[kind]);
            foreach (var name in names.Except(OtherLanguages))
            {
                language._fields.Add((types[kind], name));
                places.Enqueue([.. place, name]);
                places.Enqueue([.. place, name, Item]);
            }
        }

        return language;
    }

    /// <summary>The fields that <paramref name="document"/> has.</summary>
    public IEnumerable<(string Type, string Field)> FieldsIn(JsonNode? document) => FieldsIn(document, "");

    /// <summary>The field at a JSON Pointer, or in whose list that points; null for none of this language.</summary>
    public (string Type, string Field)? FieldAt(string pointer)
    {
        var segments = pointer.Split('/').Skip(1)
            .Select(segment => segment.Length > 0 && segment.All(char.IsAsciiDigit) ? Item : segment).ToArray();
        if (segments is [.., Item])
        {
            segments = segments[..^1];
        }

        return segments.Length > 0 && _typeByPlace.TryGetValue(string.Join('/', segments[..^1]), out var type)
            && _fields.Contains((type, segments[^1]))
                ? (type, segments[^1])
                : null;
    }

    private IEnumerable<(string Type, string Field)> FieldsIn(JsonNode? node, string place) => node switch
    {
        JsonArray items => items.SelectMany(item => FieldsIn(item, $"{place}/{Item}")),
        JsonObject members => members.SelectMany(member => FieldsIn(member.Value, place.Length > 0
                ? $"{place}/{member.Key}"
                : member.Key)
            .Concat(_typeByPlace.TryGetValue(place, out var type) && _fields.Contains((type, member.Key))
                ? [(type, member.Key)]
                : [])),
        _ => [],
    };

    /// <summary>The members that the reader knows at a place, or null where it wants no object.</summary>
    private static string[]? Known(string[] place)
    {
        JsonNode document = new JsonObject { [Unknown] = 1 };
        foreach (var segment in place.Reverse())
        {
            document = segment == Item ? new JsonArray(document) : new JsonObject { [segment] = document };
        }

        var findings = new Findings();
        PersonaValidator.Validate(Encoding.UTF8.GetBytes(document.ToJsonString()), findings);
        var pointer = string.Concat(place.Append(Unknown).Select(segment => segment == Item ? "/0" : $"/{segment}"));
        return findings.Errors
            .FirstOrDefault(error => error.Pointer == pointer && error.Code == FindingCode.UnknownField)
            ?.Message.Split("Known are: ")[1].TrimEnd('.').Split(", ");
    }
}
