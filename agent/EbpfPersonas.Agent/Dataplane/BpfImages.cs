namespace EbpfPersonas.Agent.Dataplane;

/// <summary>The compiled BPF objects that the agent carries in itself.</summary>
public static class BpfImages
{
    /// <summary>The packet filter.</summary>
    public static byte[] Filter() => Read("filter.bpf.o");

    /// <summary>The object of this file name; throws <see cref="FileNotFoundException"/>.</summary>
    public static byte[] Read(string name)
    {
        using var stream = typeof(BpfImages).Assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"The agent was built without {name}.", name);
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }

    /// <summary>File names of all of them.</summary>
    public static IEnumerable<string> Names =>
        typeof(BpfImages).Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".bpf.o", StringComparison.Ordinal))
            .Order();
}
