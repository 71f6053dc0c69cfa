using System.Text;
using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>
/// What the kernel compares at exec; what is null may be anything. <paramref name="Name"/> is a file name,
/// <paramref name="Path"/> an absolute path, either as given to exec or of the file that it resolved to;
/// <paramref name="User"/> the real user id; <paramref name="Parent"/> a name or path of the parent's image.
/// </summary>
public readonly record struct KernelCondition(string? Name, string? Path, uint? User, string? Parent)
{
    /// <summary>Whether the kernel has room for its texts: 255 octets each.</summary>
    public bool Fits => Fit(Name) && Fit(Path) && Fit(Parent);

    private static bool Fit(string? text) => text is null || Encoding.UTF8.GetByteCount(text) < TextOctets.Size;
}
