using System.Globalization;
using System.Text.Json;

namespace EbpfPersonas.Personas.Json;

/// <summary>
/// One JSON value with its place. Every read returns null after reporting what is wrong, so that reading goes on and
/// all errors come back at once. Nothing is converted: a number in quotes is not a number, 80.0 is not 80, "Deny" is
/// not "deny".
/// </summary>
internal readonly struct Field(JsonElement element, string pointer, Findings findings)
{
    public string Pointer => pointer;

    public Findings Findings => findings;

    public bool IsText => element.ValueKind == JsonValueKind.String;

    public bool IsNumber => element.ValueKind == JsonValueKind.Number;

    public bool IsList => element.ValueKind == JsonValueKind.Array;

    /// <summary>The JSON text of a number, as it was written.</summary>
    public string RawNumber => IsNumber ? element.GetRawText() : "";

    /// <summary>Whether this is the string <paramref name="word"/>.</summary>
    public bool IsExactly(string word)
    {
        try
        {
            return IsText && element.ValueEquals(word);
        }
        catch (InvalidOperationException)
        {
            // An escaped surrogate without its other half equals nothing; reading it as text reports it.
            return false;
        }
    }

    /// <summary>The pointer of a member (RFC 6901 section 4 escapes).</summary>
    public string At(string name) =>
        $"{pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    public void Error(string code, string message) => findings.Error(pointer, code, message);

    public void Warn(string code, string message) => findings.Warn(pointer, code, message);

    public void NotEnforcedYet(string consequence = "this version does not enforce it.") =>
        findings.NotEnforcedYet(pointer, consequence);

    /// <summary>The members of an object, or null.</summary>
    public Members? Object(params ReadOnlySpan<string> known) =>
        Is(JsonValueKind.Object, "an object") ? Members.Read(this, element, known) : null;

    /// <summary>The items of an array, nulls reported and left out; null where it is no array.</summary>
    public IReadOnlyList<Field>? List(int max = int.MaxValue)
    {
        if (!Is(JsonValueKind.Array, "a list"))
        {
            return null;
        }

        if (element.GetArrayLength() > max)
        {
            Error(FindingCode.TooMany, $"At most {max} items are allowed, not {element.GetArrayLength()}.");
            return [];
        }

        var items = new List<Field>(element.GetArrayLength());
        foreach (var item in element.EnumerateArray())
        {
            var field = new Field(
                item, string.Create(CultureInfo.InvariantCulture, $"{pointer}/{items.Count}"), findings);
            items.Add(field);
        }

        items.RemoveAll(item => item.IsNull());
        return items;
    }

    /// <summary>A list with at least one item, or null.</summary>
    public IReadOnlyList<Field>? NonEmptyList(int max = int.MaxValue)
    {
        if (IsList && element.GetArrayLength() == 0)
        {
            Error(FindingCode.Empty, "The list is empty. Leave it out, or name something.");
            return null;
        }

        return List(max);
    }

    /// <summary>A string of 1 to <paramref name="max"/> printable characters, or null.</summary>
    public string? Text(int max = 255)
    {
        if (!Is(JsonValueKind.String, "a string"))
        {
            return null;
        }

        string text;
        try
        {
            text = element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            Error(FindingCode.MalformedText, "An escaped surrogate lacks its other half.");
            return null;
        }

        if (text.Length == 0)
        {
            Error(FindingCode.Empty, "The string is empty.");
        }
        else if (text.Length > max)
        {
            Error(FindingCode.TooLong, $"At most {max} characters are allowed, not {text.Length}.");
        }
        else if (Printable.FirstUnprintable(text) is { } rune)
        {
            Error(FindingCode.ControlCharacter, $"U+{rune.Value:X4} is not allowed: it could deceive whoever reads " +
                $"it on a terminal.");
        }
        else
        {
            return text;
        }

        return null;
    }

    /// <summary>A whole number in a range, or null.</summary>
    public long? Integer(long min, long max)
    {
        if (!Is(JsonValueKind.Number, "a whole number"))
        {
            return null;
        }

        // "80.0" and "8e1" are whole too, but whoever writes them means something else.
        if (element.GetRawText().AsSpan().ContainsAny('.', 'e', 'E'))
        {
            Error(FindingCode.WrongType, $"{Printable.Quote(element.GetRawText())} is not a whole number.");
            return null;
        }

        if (!element.TryGetInt64(out var value) || value < min || value > max)
        {
            Error(FindingCode.OutOfRange, $"{Printable.Quote(element.GetRawText())} is not in {min}-{max}.");
            return null;
        }

        return value;
    }

    /// <summary>true or false, or null.</summary>
    public bool? Boolean()
    {
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return element.GetBoolean();
        }

        Is(JsonValueKind.True, "true or false");
        return null;
    }

    /// <summary>Exactly one of the given words, or null.</summary>
    public T? Word<T>(params ReadOnlySpan<(string Word, T Value)> words)
        where T : struct
    {
        if (Text() is not { } text)
        {
            return null;
        }

        foreach (var (word, value) in words)
        {
            if (word == text)
            {
                return value;
            }
        }

        var known = string.Join(", ", words.ToArray().Select(pair => pair.Word));
        Error(FindingCode.UnknownWord, $"{Printable.Quote(text)} is not one of: {known}.");
        return null;
    }

    private bool IsNull()
    {
        if (element.ValueKind != JsonValueKind.Null)
        {
            return false;
        }

        Error(FindingCode.NullValue, "null is not allowed in a list.");
        return true;
    }

    private bool Is(JsonValueKind kind, string expected)
    {
        if (element.ValueKind == kind)
        {
            return true;
        }

        var found = element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a boolean",
            _ => "null",
        };
        Error(FindingCode.WrongType, $"Expected {expected}, found {found}.");
        return false;
    }
}
