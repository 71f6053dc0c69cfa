using System.Text.RegularExpressions;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>Nothing names a place that only one machine has, nor a host that a build would depend on.</summary>
internal static partial class ForeignPlaces
{
    /// <summary>Hosts that may be named, and why.</summary>
    private static readonly Dictionary<string, string> Hosts = new(StringComparer.Ordinal)
    {
        ["127.0.0.1"] = "loopback",
        ["localhost"] = "loopback",
        ["www.apache.org"] = "text of the licence",
        ["www.gnu.org"] = "text of the licence",
        ["fsf.org"] = "text of the licence",
        ["prng.di.unimi.it"] = "where an algorithm comes from",
        ["github.com"] = "where code or a finding comes from",
        ["www.rfc-editor.org"] = "a standard",
        ["spec.openapis.org"] = "a standard",
        ["json-schema.org"] = "a standard",
        ["deb.debian.org"] = "the mirror that debootstrap itself takes where the machine names none",
    };

    public static IEnumerable<string> Findings(IReadOnlyList<SourceFile> files) =>
        from file in files
        where file.Name != "packages.lock.json"
        from line in file.Lines
        from finding in Places().Matches(line.Text).Select(match => match.Value)
            .Concat(Url().Matches(line.Text).Select(match => match.Groups["host"].Value).Where(IsForeign))
        select $"{file.Path}:{line.Number}: {finding}";

    /// <summary>
    /// Addresses of documentation (RFC 5737, RFC 3849), of the lab, and names that can not exist (RFC 2606) are
    /// nobody's.
    /// </summary>
    private static bool IsForeign(string host) => !Hosts.ContainsKey(host) && !Nowhere().IsMatch(host);

    [GeneratedRegex(@"(?<![\w.$}*-])/(work|home|Users)/\w+|\b[A-Z]:\\Users\b")]
    private static partial Regex Places();

    [GeneratedRegex(@"\bhttps?://(?:[^/\s@""]*@)?(?<host>[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9])")]
    private static partial Regex Url();

    [GeneratedRegex(
        @"^(10|127|192\.168|192\.0\.2|198\.51\.100|203\.0\.113)\.[\d.]+$|^[\w-]+$|" +
        @"(^|\.)(example|invalid|test)(\.(com|org|net))?$")]
    private static partial Regex Nowhere();
}
