using System.Globalization;
using EbpfPersonas.Controller.Store;
using Microsoft.Net.Http.Headers;

namespace EbpfPersonas.Controller.Api;

/// <summary>Entity tags (RFC 9110 section 8.8.3): a persona's is its revision.</summary>
internal static class EntityTags
{
    public static string Of(long revision) => string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");

    /// <summary>The condition of a write. A tag that is weak or none of ours is met by nothing.</summary>
    public static WriteCondition ReadCondition(HttpRequest request)
    {
        var headers = request.GetTypedHeaders();
        IReadOnlyList<long>? revisions = null;
        if (request.Headers.IfMatch.Count > 0)
        {
            var any = headers.IfMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any));
            var listed = headers.IfMatch.Where(tag => !tag.IsWeak).Select(Revision).OfType<long>().ToArray();
            revisions = any ? [] : listed.Length > 0 ? listed : [-1];
        }

        return new WriteCondition(revisions, headers.IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any)));
    }

    /// <summary>Whether the client has this revision already (If-None-Match, weak comparison).</summary>
    public static bool IsKnown(HttpRequest request, long revision) => request.GetTypedHeaders().IfNoneMatch
        .Any(tag => tag.Equals(EntityTagHeaderValue.Any) || Revision(tag) == revision);

    private static long? Revision(EntityTagHeaderValue tag) =>
        long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? revision
            : null;
}
