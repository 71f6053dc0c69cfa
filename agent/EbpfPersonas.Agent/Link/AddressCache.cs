using System.Net;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// The controller's addresses on disk, so that an agent finds it while DNS is away: a file with the name in the first
/// line and an address in each other.
/// </summary>
internal sealed class AddressCache(string stateDirectory)
{
    private readonly string _file = Path.Join(stateDirectory, "controller-addresses");

    /// <summary>
    /// The addresses kept for <paramref name="host"/>; empty where there are none or the file is damaged.
    /// </summary>
    public IReadOnlyList<IPAddress> Load(string host)
    {
        try
        {
            var lines = File.ReadAllLines(_file);
            return lines.Length > 0 && lines[0] == host
                ? [.. lines.Skip(1)
                    .Select(line => IPAddress.TryParse(line, out var address) ? address : null)
                    .OfType<IPAddress>()]
                : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// Keeps <paramref name="addresses"/> in place of what was there, wholly or not at all; throws
    /// <see cref="IOException"/>.
    /// </summary>
    public void Save(string host, IReadOnlyList<IPAddress> addresses)
    {
        Directory.CreateDirectory(stateDirectory);
        var beside = _file + ".new";
        using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(
                $"{string.Join('\n', addresses.Select(a => a.ToString()).Prepend(host))}\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, _file, overwrite: true);
    }
}
