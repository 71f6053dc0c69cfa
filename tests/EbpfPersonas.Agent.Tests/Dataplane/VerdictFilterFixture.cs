using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>One loaded filter for all tests of a class: the verifier takes a second or two.</summary>
public sealed class VerdictFilterFixture : IDisposable
{
    public KernelFilter Filter { get; } = new(TestObjects.Program("verdict"));

    public void Dispose() => Filter.Dispose();
}
