using System.Globalization;
using EbpfPersonas.TestKit.Proof;

namespace EbpfPersonas.Prove;

/// <summary>
/// How much is compared: <c>--cases 100000</c> packets instead of ten million, and a TCP connection for each ten
/// of them besides; <c>--only 17</c> that part of the plan, <c>--only tcp</c> those of that kind, <c>--only
/// activation</c> first packets of new processes instead, 100,000 or that many;
/// <c>--broken "drops a class"</c> compiles by one of <see cref="BrokenCompiler"/>. Random numbers start at
/// EBPF_PERSONAS_SEED in the environment.
/// </summary>
internal sealed record ProveSettings
{
    public const string SeedVariable = "EBPF_PERSONAS_SEED";

    public const long UsualCases = 10_000_000;

    public const int UsualFirstPackets = 100_000;

    public long Cases { get; private init; } = UsualCases;

    /// <summary>TCP connections beside the packets.</summary>
    public int Connections => (int)(Cases / 10);

    /// <summary>Processes that send first packets, where those are what is asked for.</summary>
    public int FirstPackets => Cases == UsualCases ? UsualFirstPackets : (int)Cases;

    /// <summary>The number of the only part to run, or the kind of the only ones, or null for all.</summary>
    public string? Only { get; private init; }

    /// <summary>The compiler to be caught, or null for the production's.</summary>
    public BrokenCompiler? Broken { get; private init; }

    public ulong Seed { get; private init; } = Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } seed
        ? ulong.Parse(seed, CultureInfo.InvariantCulture)
        : 1;

    public static ProveSettings Parse(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new ProveSettings(),
        [.. var before, "--cases", var cases] =>
            Parse(before) with { Cases = long.Parse(cases, CultureInfo.InvariantCulture) },
        [.. var before, "--only", var part] =>
            Parse(before) with { Only = part },
        [.. var before, "--broken", var name] =>
            Parse(before) with { Broken = BrokenCompiler.All.Single(broken => broken.Name == name) },
        _ => throw new ArgumentException($"Unknown argument: {arguments[^1]}."),
    };

    /// <summary>Whether a part is to run.</summary>
    public bool Includes(ProofPart part) => Only is null || Only == part.Kind
        || Only == part.Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What runs one part again.</summary>
    public string CommandFor(int part) => string.Create(
        CultureInfo.InvariantCulture,
        $"{SeedVariable}={Seed} make prove {(Cases == UsualCases ? "" : $"CASES={Cases} ")}PART={part}"
        + $"{(Broken is null ? "" : $" BROKEN=\"{Broken}\"")}");
}
