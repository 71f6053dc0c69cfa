using System.Text.Json;
using System.Text.Unicode;

namespace EbpfPersonas.Personas.Json;

/// <summary>
/// Opens a JSON text (RFC 8259): UTF-8, no comments, no trailing commas, at most <see cref="MaxDepth"/> levels deep.
/// </summary>
internal static class JsonBody
{
    /// <summary>The largest body that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Levels of nesting that are read.</summary>
    public const int MaxDepth = 32;

    /// <summary>The document's root, or null after an error. The caller disposes <paramref name="document"/>.</summary>
    public static Field? Open(ReadOnlyMemory<byte> utf8, Findings findings, out JsonDocument? document)
    {
        document = null;
        if (!Utf8.IsValid(utf8.Span))
        {
            findings.Error("", FindingCode.MalformedJson, "The body is not UTF-8.");
            return null;
        }

        try
        {
            if (IsTooDeep(utf8.Span))
            {
                findings.Error("", FindingCode.TooDeep, $"The document is nested more than {MaxDepth} levels deep.");
                return null;
            }

            document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return new Field(document.RootElement, "", findings);
        }
        catch (JsonException malformed)
        {
            findings.Error("", FindingCode.MalformedJson,
                $"Not JSON: line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}.");
            return null;
        }
    }

    private static bool IsTooDeep(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxBytes });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
                && reader.CurrentDepth >= MaxDepth)
            {
                return true;
            }
        }

        return false;
    }
}
