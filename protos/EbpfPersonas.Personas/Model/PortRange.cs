using System.Globalization;

namespace EbpfPersonas.Personas.Model;

/// <summary>Ports from <paramref name="First"/> to <paramref name="Last"/>, both included, 0-65535.</summary>
public readonly record struct PortRange(ushort First, ushort Last)
{
    /// <summary>Every port.</summary>
    public static PortRange All { get; } = new(0, ushort.MaxValue);

    /// <summary>Whether the range holds <paramref name="port"/>.</summary>
    public bool Contains(ushort port) => First <= port && port <= Last;

    /// <summary>"3306", or "8000-8100".</summary>
    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
