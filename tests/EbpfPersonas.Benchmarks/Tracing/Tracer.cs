namespace EbpfPersonas.Benchmarks.Tracing;

/// <summary>
/// Something that watches processes while it runs: begins, says by which process it does so, and ends with what it
/// wrote.
/// </summary>
internal sealed record Tracer(string Name, Func<Task<Tracer.Running>> StartAsync)
{
    /// <summary>Whether every hundredth program is one that it waits for.</summary>
    public bool Switching { get; init; }

    /// <summary>Nobody watches.</summary>
    public static Tracer None { get; } =
        new("none", () => Task.FromResult(new Running(null, () => Task.CompletedTask)));

    /// <summary>The id of its process (null = none), and how it ends.</summary>
    internal sealed record Running(int? ProcessId, Func<Task> StopAsync);
}
