using System.Text.Json;

namespace EbpfPersonas.Personas.Json;

/// <summary>
/// The members of one JSON object, each known, present once and not null; what was not has been reported.
/// </summary>
internal sealed class Members
{
    private readonly Dictionary<string, Field> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _mentioned = new(StringComparer.Ordinal);
    private readonly Field _owner;

    private Members(Field owner) => _owner = owner;

    /// <summary>Where the object itself stands.</summary>
    public string Pointer => _owner.Pointer;

    /// <summary>The member, or null where it is absent (or was null, which is an error).</summary>
    public Field? this[string name] => _fields.TryGetValue(name, out var field) ? field : null;

    /// <summary>As the indexer; a member that is not mentioned at all is an error.</summary>
    public Field? Require(string name)
    {
        if (!_mentioned.Contains(name))
        {
            _owner.Findings.Error(_owner.At(name), FindingCode.Required, $"{name} is required.");
        }

        return this[name];
    }

    /// <summary>Reports an error of the object itself.</summary>
    public void Error(string code, string message) => _owner.Error(code, message);

    /// <summary>The given members that are present.</summary>
    public IEnumerable<Field> Present(params string[] names) =>
        names.Where(_fields.ContainsKey).Select(name => _fields[name]);

    /// <summary>Whether there is no member at all.</summary>
    public bool IsEmpty => _mentioned.Count == 0;

    /// <summary>Reads the members of <paramref name="owner"/>, which is an object.</summary>
    public static Members Read(Field owner, JsonElement element, ReadOnlySpan<string> known)
    {
        var members = new Members(owner);
        foreach (var property in element.EnumerateObject())
        {
            string name;
            try
            {
                name = property.Name;
            }
            catch (InvalidOperationException)
            {
                owner.Error(
                    FindingCode.MalformedText, "A member's name has an escaped surrogate without its other half.");
                continue;
            }

            var field = new Field(property.Value, owner.At(name), owner.Findings);
            if (!known.Contains(name))
            {
                field.Error(FindingCode.UnknownField,
                    $"{Printable.Quote(name)} is not known here. Known are: {string.Join(", ", known.ToArray())}.");
            }
            else if (!members._mentioned.Add(name))
            {
                field.Error(FindingCode.DuplicateField, $"{name} stands here more than once.");
            }
            else if (property.Value.ValueKind == JsonValueKind.Null)
            {
                field.Error(FindingCode.NullValue, $"{name} is null. Leave it out, or give a value.");
            }
            else
            {
                members._fields.Add(name, field);
            }
        }

        return members;
    }
}
