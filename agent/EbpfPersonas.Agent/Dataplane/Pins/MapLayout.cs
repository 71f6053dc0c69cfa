using System.Globalization;
using System.Security.Cryptography;
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

    private const int FingerprintLength = 12;

    /// <summary>
    /// Made of the version that bpf/abi/layout.h says and of all that the maps of <paramref name="filter"/> are, their
    /// sizes included; before it is loaded.
    /// </summary>
    public static string NameOf(BpfObject filter)
    {
        var text = string.Join('\n', Maps(filter).Select(map => map.Layout).Order(StringComparer.Ordinal));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        var version = filter.ReadConstant<uint>("layout_version");
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{version}-{hash[..FingerprintLength]}");
    }

    /// <summary>All but those that libbpf makes of constants: these belong to the programs.</summary>
    public static IEnumerable<BpfMap> Maps(BpfObject filter) =>
        filter.Maps.Values.Where(map => !map.Name.Contains('.', StringComparison.Ordinal));
}
