namespace EbpfPersonas.Controller.Api;

/// <summary>Files that are part of the program.</summary>
internal static class EmbeddedFile
{
    public static byte[] Read(string name)
    {
        using var stream = typeof(EmbeddedFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
