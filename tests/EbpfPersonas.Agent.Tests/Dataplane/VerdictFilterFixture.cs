using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>One loaded filter for all tests of a class: the verifier takes a second or two.</summary>
public sealed class VerdictFilterFixture : IDisposable
{
    /// <summary>Where random numbers start; EBPF_PERSONAS_SEED in the environment makes other ones.</summary>
    public static ulong Seed { get; } =
        ulong.TryParse(Environment.GetEnvironmentVariable("EBPF_PERSONAS_SEED"), out var seed) ? seed : 1;

    public KernelFilter Filter { get; } = new(TestObjects.Program("verdict"));

    public void Dispose() => Filter.Dispose();
}
