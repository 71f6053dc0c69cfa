using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Personas.Reading;

/// <summary>What the rules of one document share: their number and their names.</summary>
internal sealed class RuleScope
{
    /// <summary>The most rules that one document may have, all lists together.</summary>
    public const int MaxRules = 16_384;

    private readonly Dictionary<string, string> _pointerByName = new(StringComparer.Ordinal);
    private int _rules;

    /// <summary>The rules of one list; none where that makes too many.</summary>
    public IReadOnlyList<Field> Items(Field list)
    {
        if (list.List() is not { } items)
        {
            return [];
        }

        _rules += items.Count;
        if (_rules <= MaxRules)
        {
            return items;
        }

        list.Error(FindingCode.TooMany, $"A persona has at most {MaxRules} rules, all lists together.");
        return [];
    }

    /// <summary>Notes a rule's name, which must be the only one of its kind.</summary>
    public void Claim(Field field, string name)
    {
        if (!_pointerByName.TryAdd(name, field.Pointer))
        {
            field.Error(FindingCode.DuplicateName, $"{Printable.Quote(name)} is the name of the rule at " +
                $"{_pointerByName[name]} too.");
        }
    }
}
