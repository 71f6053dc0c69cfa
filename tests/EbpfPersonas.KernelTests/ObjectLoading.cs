using EbpfPersonas.Bpf;

namespace EbpfPersonas.KernelTests;

/// <summary>Every BPF object passes this kernel's verifier.</summary>
internal static class ObjectLoading
{
    public static void Check(Report report, string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.bpf.o", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal))
        {
            report.Check($"load {Path.GetRelativePath(folder, path)}", () =>
            {
                using var loaded = BpfObject.Open(
                    File.ReadAllBytes(path), Path.GetFileName(path).Replace(".bpf.o", "", StringComparison.Ordinal));
                loaded.Load();
            });
        }
    }
}
