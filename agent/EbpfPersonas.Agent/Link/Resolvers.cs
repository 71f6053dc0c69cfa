using System.Net;

namespace EbpfPersonas.Agent.Link;

/// <summary>The name servers of this machine, resolv.conf(5).</summary>
internal static class Resolvers
{
    private const int ServersMax = 3; // MAXNS of resolv.h

    private static readonly string[] Files =
    [
        "/etc/resolv.conf",
        // Where the first one names systemd-resolved's stub on loopback, its servers are here.
        "/run/systemd/resolve/resolv.conf",
    ];

    /// <summary>The servers beyond loopback, which needs no failsafe.</summary>
    public static IReadOnlyList<IPAddress> Read() => Read(Files);

    /// <summary>As above, from <paramref name="files"/>; a file that cannot be read names none.</summary>
    public static IReadOnlyList<IPAddress> Read(IEnumerable<string> files) =>
        [.. files.SelectMany(ReadFile).Where(address => !IPAddress.IsLoopback(address)).Distinct()];

    private static IEnumerable<IPAddress> ReadFile(string file)
    {
        try
        {
            return [.. File.ReadLines(file)
                .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words is ["nameserver", _, ..])
                .Select(words => IPAddress.TryParse(words[1].Split('%')[0], out var address) ? address : null)
                .OfType<IPAddress>()
                .Take(ServersMax)];
        }
        catch (IOException)
        {
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }
}
