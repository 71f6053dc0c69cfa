using EbpfPersonas.Agent.Link;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// Counts what was kept on disk and could not be used, by <see cref="StateFault"/>. For several threads.
/// </summary>
internal sealed class StateFallbacks
{
    private readonly long[] _counts = new long[Enum.GetValues<StateFault>().Length];

    /// <summary>One more.</summary>
    public void Count(StateFault fault) => Interlocked.Increment(ref _counts[(int)fault]);

    /// <summary>All reasons, as metrics spell them.</summary>
    public IEnumerable<(string Reason, long Count)> Read() =>
        Enum.GetValues<StateFault>().Select(fault => (Word(fault), Interlocked.Read(ref _counts[(int)fault])));

    private static string Word(StateFault fault) =>
        fault == StateFault.OtherVm ? "other_vm" : fault.ToString().ToLowerInvariant();
}
