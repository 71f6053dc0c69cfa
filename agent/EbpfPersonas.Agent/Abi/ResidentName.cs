using System.Runtime.CompilerServices;
using System.Text;

namespace EbpfPersonas.Agent.Abi;

/// <summary>A persona's name, UTF-8, ended by a NUL.</summary>
[InlineArray(Length)]
public struct ResidentName
{
    private const int Length = 64;

    private byte _first;

    /// <summary>As much of <paramref name="name"/> as there is room for: names have up to 63 octets.</summary>
    public static ResidentName From(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var octets = default(ResidentName);
        Span<byte> room = octets;
        Encoding.UTF8.GetEncoder().Convert(name, room[..(Length - 1)], flush: true, out _, out _, out _);
        return octets;
    }

    /// <summary>The name in such octets.</summary>
    public static string Read(ReadOnlySpan<byte> octets)
    {
        var end = octets.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? octets : octets[..end]);
    }
}
