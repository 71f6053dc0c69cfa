namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>The compiled programs that the build put into this assembly.</summary>
internal static class BenchObjects
{
    public static byte[] Read(string name)
    {
        using var stream = typeof(BenchObjects).Assembly.GetManifestResourceStream($"{name}.bpf.o")
            ?? throw new FileNotFoundException($"The benchmarks were built without {name}.bpf.o: `make bpf` makes it.");
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }
}
