using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using EbpfPersonas.Controller.Api.Resources;

namespace EbpfPersonas.Controller.Api;

/// <summary>Reads <c>?limit=&amp;cursor=</c>.</summary>
internal sealed record PageRequest(int Limit, string Cursor)
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 500;

    /// <summary>
    /// The cursor as a number; <see cref="long.MaxValue"/> at the beginning of a list that counts down.
    /// </summary>
    public long Before => Cursor.Length == 0 ? long.MaxValue : long.Parse(Cursor, CultureInfo.InvariantCulture);

    /// <summary>The request; a cursor must be one that an earlier page gave.</summary>
    public static bool TryRead(
        HttpRequest request, bool numeric, [NotNullWhen(true)] out PageRequest? page,
        [NotNullWhen(false)] out Problem? problem)
    {
        page = null;
        problem = null;
        var limit = DefaultLimit;
        if (request.Query["limit"].FirstOrDefault() is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit)
                || limit is < 1 or > MaxLimit))
        {
            problem = Problem.BadRequest($"limit is a number from 1 to {MaxLimit}.");
            return false;
        }

        var cursor = Decode(request.Query["cursor"].FirstOrDefault() ?? "");
        if (cursor is null || (numeric && cursor.Length > 0
            && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            problem = Problem.BadRequest("cursor is not one that a page of this list gave.");
            return false;
        }

        page = new PageRequest(limit, cursor);
        return true;
    }

    /// <summary>A page of what was asked for with one item more than the limit.</summary>
    public Page<TItem> Of<TSource, TItem>(
        IReadOnlyList<TSource> oneMore, Func<TSource, TItem> map, Func<TSource, string> key) => new(
        [.. oneMore.Take(Limit).Select(map)],
        oneMore.Count > Limit ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key(oneMore[Limit - 1]))) : null);

    private static string? Decode(string cursor)
    {
        try
        {
            return cursor.Length > 512
                ? null
                : new UTF8Encoding(false, true).GetString(Base64Url.DecodeFromChars(cursor));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            return null;
        }
    }
}
