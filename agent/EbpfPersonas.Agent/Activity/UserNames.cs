using System.Globalization;

namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// Names of users, from a file in the format of passwd(5), read again when its modification time changes.
/// </summary>
internal sealed class UserNames
{
    private readonly string _file;
    private Dictionary<uint, string> _names = [];
    private DateTime _readFor = DateTime.MinValue;

    /// <summary>Reads <paramref name="file"/>.</summary>
    public UserNames(string file = "/etc/passwd")
    {
        _file = file;
        Refresh();
    }

    /// <summary>
    /// The name of a uid, or empty. Of several lines with one uid the first counts, as for getpwuid(3).
    /// </summary>
    public string NameOf(uint userId) => _names.GetValueOrDefault(userId, string.Empty);

    /// <summary>The uid of a name, or null.</summary>
    public uint? IdOf(string name) =>
        _names.Where(entry => entry.Value == name).Select(entry => (uint?)entry.Key).FirstOrDefault();

    /// <summary>Looks whether the file changed. Where it cannot be read the names known so far stay.</summary>
    public void Refresh()
    {
        try
        {
            var modified = File.GetLastWriteTimeUtc(_file);
            if (modified != _readFor)
            {
                _names = Read(File.ReadLines(_file));
                _readFor = modified;
            }
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
    }

    private static Dictionary<uint, string> Read(IEnumerable<string> lines)
    {
        var names = new Dictionary<uint, string>();
        foreach (var fields in lines.Select(line => line.Split(':')))
        {
            if (fields.Length >= 3 && fields[0].Length > 0
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var userId))
            {
                names.TryAdd(userId, fields[0]);
            }
        }

        return names;
    }
}
