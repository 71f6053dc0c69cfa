using System.Globalization;

namespace EbpfPersonas.Benchmarks;

/// <summary>
/// How much is measured: <c>--quick</c> takes the main rows only; <c>--sizes 10,1000</c> other sizes of rule sets;
/// <c>--only hook,stack</c> these parts.
/// </summary>
internal sealed record BenchSettings
{
    /// <summary>Parts that a quick run leaves out.</summary>
    private static readonly string[] Thorough = ["agent", "activation", "tracing", "kinds"];

    public bool Quick { get; private init; }

    /// <summary>Short runs of each configuration.</summary>
    public int Rounds => Quick ? 15 : 31;

    /// <summary>Length of one of them.</summary>
    public double RunMilliseconds => Quick ? 8 : 12;

    /// <summary>The sizes of rule sets.</summary>
    public IReadOnlyList<int> Sizes =>
        ChosenSizes ?? (Quick ? [10, 10_000, 100_000] : [10, 100, 1000, 10_000, 100_000]);

    /// <summary>The sizes that are compared with peers.</summary>
    public IReadOnlyList<int> StackSizes => ChosenSizes ?? [1000, 10_000, 100_000];

    private int[]? ChosenSizes { get; init; }

    private string[]? ChosenParts { get; init; }

    /// <summary>Reads a command line; throws <see cref="ArgumentException"/>.</summary>
    public static BenchSettings Parse(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new BenchSettings(),
        [.. var before, "--quick"] => Parse(before) with { Quick = true },
        [.. var before, "--sizes", var sizes] => Parse(before) with
        {
            ChosenSizes = [.. sizes.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))],
        },
        [.. var before, "--only", var parts] => Parse(before) with { ChosenParts = parts.Split(',') },
        _ => throw new ArgumentException($"Unknown argument: {arguments[^1]}."),
    };

    /// <summary>Whether the part of this name is to be measured.</summary>
    public bool Has(string part) => ChosenParts?.Contains(part) ?? !(Quick && Thorough.Contains(part));
}
