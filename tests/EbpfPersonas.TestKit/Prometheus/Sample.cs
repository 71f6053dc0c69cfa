namespace EbpfPersonas.TestKit.Prometheus;

/// <summary>One line of Prometheus' text format.</summary>
public sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>Whether the sample has this name and at least these labels.</summary>
    public bool Is(string name, params (string Name, string Value)[] labels) =>
        Name == name && labels.All(label => Labels.TryGetValue(label.Name, out var value) && value == label.Value);
}
