using System.Text.RegularExpressions;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// Those who share a controller and see nothing of each other. A tenant is there once it has a token.
/// </summary>
internal static partial class Tenants
{
    /// <summary>The one of a controller that only one uses.</summary>
    public const string Default = "default";

    /// <summary>Whether it can name a tenant; it becomes part of certificates' names.</summary>
    public static bool IsName(string text) => Pattern().IsMatch(text);

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Pattern();
}
