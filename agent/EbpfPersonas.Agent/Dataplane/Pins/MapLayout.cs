using System.Globalization;
using System.Text;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// The name of a layout of maps. Programs of one name can use each other's maps; anything else is rebuilt, never used.
/// </summary>
internal static class MapLayout
{
    /// <summary>What every name begins with.</summary>
    public const string Prefix = "layout-";

    /// <summary>
    /// Made of the version that bpf/abi/layout.h says and of all that the maps of <paramref name="filter"/> are, their
    /// sizes included; before it is loaded.
    /// </summary>
    public static string NameOf(BpfObject filter)
    {
        var text = string.Join('\n', Maps(filter).Select(map => map.Layout).Order(StringComparer.Ordinal));
        return string.Create(CultureInfo.InvariantCulture, $"{PrefixOf(filter)}{Fingerprint(text):x16}");
    }

    /// <summary>
    /// Whether numbers mean the same in the maps of the layout <paramref name="name"/> as in those of
    /// <paramref name="filter"/>, where types are the same too.
    /// </summary>
    public static bool IsOfVersion(string name, BpfObject filter) =>
        name.StartsWith(PrefixOf(filter), StringComparison.Ordinal);

    private static string PrefixOf(BpfObject filter) => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{filter.ReadConstant<uint>("layout_version")}-");

    /// <summary>
    /// FNV-1a, 64 bits (draft-eastlake-fnv): tells layouts apart that differ by accident, and needs no library that a
    /// small root file system may lack.
    /// </summary>
    private static ulong Fingerprint(string text)
    {
        var hash = 0xcbf29ce484222325;
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked((hash ^ octet) * 0x100000001b3);
        }

        return hash;
    }

    /// <summary>All but those that libbpf makes of constants: these belong to the programs.</summary>
    public static IEnumerable<BpfMap> Maps(BpfObject filter) =>
        filter.Maps.Values.Where(map => !map.Name.Contains('.', StringComparison.Ordinal));
}
