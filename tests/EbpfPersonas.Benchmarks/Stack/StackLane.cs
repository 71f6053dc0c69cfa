using EbpfPersonas.Benchmarks.Measuring;

namespace EbpfPersonas.Benchmarks.Stack;

/// <summary>A configuration of the stack; <paramref name="Wrong"/> verdicts of a sample differ from ours.</summary>
internal sealed record StackLane(string Name, StackHost Host, LiveFrames Frames, long Wrong = 0, bool IsPeer = false)
{
    public Lane ToLane() => new(Name, packets => Host.Send(Frames, packets));
}
