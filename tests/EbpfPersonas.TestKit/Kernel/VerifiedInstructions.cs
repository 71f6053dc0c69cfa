using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>
/// How many instructions the verifier of a kernel looked at to accept each program that the agent ships: the kernel's
/// release, and the counts by "object/program". A file keeps them, a line for each.
/// </summary>
public sealed record VerifiedInstructions(string Kernel, ImmutableSortedDictionary<string, uint> Counts)
{
    /// <summary>How far another build of a kernel of the same series may be off.</summary>
    public const double Tolerance = 0.1;

    /// <summary>All programs together, of the million that the kernel allows each one.</summary>
    public long Sum => Counts.Values.Sum(count => (long)count);

    /// <summary>The file's lines: release, program, count.</summary>
    public IEnumerable<string> Lines => Counts.Select(
        count => string.Create(CultureInfo.InvariantCulture, $"{Kernel} {count.Key} {count.Value}"));

    /// <summary>"6.12" of "6.12.117+deb12-cloud-amd64".</summary>
    private string Series => string.Join('.', Kernel.Split('.')[..2]);

    /// <summary>Loads every program that the agent ships into the running kernel.</summary>
    public static VerifiedInstructions Measure()
    {
        var counts = ImmutableSortedDictionary.CreateBuilder<string, uint>(StringComparer.Ordinal);
        foreach (var name in BpfImages.Names)
        {
            var image = name.Split('.')[0];
            using var loaded = BpfObject.Open(BpfImages.Read(name), image);
            loaded.Load();
            foreach (var program in loaded.Programs.Values)
            {
                counts.Add($"{image}/{program.Name}", program.ReadVerifiedInstructions());
            }
        }

        var release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return new VerifiedInstructions(release, counts.ToImmutable());
    }

    /// <summary>What the file keeps, a kernel each; lines that begin with # are comments.</summary>
    public static IReadOnlyList<VerifiedInstructions> Read(IEnumerable<string> lines) =>
    [
        .. lines.Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' '))
            .GroupBy(
                words => words[0],
                words => KeyValuePair.Create(words[1], uint.Parse(words[2], CultureInfo.InvariantCulture)))
            .Select(kernel => new VerifiedInstructions(
                kernel.Key, kernel.ToImmutableSortedDictionary(StringComparer.Ordinal))),
    ];

    /// <summary>
    /// How this differs from what is kept for its kernel: exactly where the very same release is kept, with
    /// <see cref="Tolerance"/> where another one of the series is. In words, none where nothing differs.
    /// </summary>
    public IEnumerable<string> Differences(IReadOnlyList<VerifiedInstructions> kept)
    {
        var same = kept.FirstOrDefault(other => other.Kernel == Kernel);
        if ((same ?? kept.FirstOrDefault(other => other.Series == Series)) is not { } expected)
        {
            return [$"No counts are kept for a kernel {Series}."];
        }

        var tolerance = same is null ? Tolerance : 0;
        return Counts.Keys.Union(expected.Counts.Keys).Order(StringComparer.Ordinal)
            .Select(program => (
                Program: program,
                Now: (double)Counts.GetValueOrDefault(program),
                Kept: (double)expected.Counts.GetValueOrDefault(program)))
            .Where(program => Math.Abs(program.Now - program.Kept) > tolerance * program.Kept)
            .Select(program => string.Create(
                CultureInfo.InvariantCulture,
                $"{program.Program}: {program.Now} instructions verified, {program.Kept} are kept for "
                + $"{expected.Kernel}."));
    }
}
