namespace EbpfPersonas.Benchmarks.Measuring;

/// <summary>
/// One configuration that takes turns with others. <paramref name="Run"/> plays so many packets and gives the mean time
/// of one in nanoseconds; <paramref name="MaxPackets"/> is how many it can play at once.
/// </summary>
internal sealed record Lane(string Name, Func<int, double> Run, int MaxPackets = 131072);
