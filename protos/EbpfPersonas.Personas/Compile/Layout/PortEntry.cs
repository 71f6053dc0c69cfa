using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct port_entry of bpf/abi: keys from first to last of the lanes in the tag.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct PortEntry
{
    /// <summary>The lowest key.</summary>
    public ushort First;

    /// <summary>The highest key.</summary>
    public ushort Last;

    /// <summary><see cref="Layout.Tag"/>.</summary>
    public uint Tag;

    /// <summary>Every key.</summary>
    public readonly bool IsWhole => First == 0 && Last == ushort.MaxValue;

    /// <summary>The set of lanes, a bit each.</summary>
    public readonly uint Lanes => (Tag / (uint)Layout.Tag.Lane) & LaneSet.Every;

    /// <summary>The rule is in audit mode.</summary>
    public readonly bool IsAudited => (Tag & (uint)Layout.Tag.Audit) != 0;

    /// <summary>Whether <paramref name="weaker"/> can never be seen behind this entry.</summary>
    public readonly bool Hides(PortEntry weaker) =>
        Tag > weaker.Tag && First <= weaker.First && weaker.Last <= Last && (weaker.Lanes & ~Lanes) == 0
        && (!IsAudited || weaker.IsAudited);
}
