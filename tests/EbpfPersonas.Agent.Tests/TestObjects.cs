using System.Reflection;

namespace EbpfPersonas.Agent.Tests;

/// <summary>What the build put into this assembly: BPF programs that only tests load, and the ABI headers.</summary>
internal static class TestObjects
{
    private static readonly Assembly Here = typeof(TestObjects).Assembly;

    public static byte[] Program(string name) => Read($"tests/{name}.bpf.o");

    public static IEnumerable<string> AbiHeaders() =>
        from name in Here.GetManifestResourceNames()
        where name.StartsWith("abi/", StringComparison.Ordinal)
        select System.Text.Encoding.UTF8.GetString(Read(name));

    private static byte[] Read(string name)
    {
        using var stream = Here.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
