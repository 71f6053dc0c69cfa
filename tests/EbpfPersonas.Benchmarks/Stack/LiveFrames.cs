using EbpfPersonas.Benchmarks.Hook;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Benchmarks.Stack;

/// <summary>Sends tuples as live XDP frames that arrive on the loopback interface of a host.</summary>
internal sealed class LiveFrames : IDisposable
{
    private readonly BpfObject _object = BpfObject.Open(BenchObjects.Read("live_frames"), "live_frames");
    private readonly TupleArray _tuples;
    private readonly byte[] _frame;

    public LiveFrames(BenchTuple[] tuples, bool isV6)
    {
        _object.Load();
        _tuples = new TupleArray(_object);
        _tuples.Use(tuples);
        _frame = BenchTuple.Frame(isV6);
    }

    /// <summary>
    /// The mean time of a frame in nanoseconds, from the program to the end of its way through the stack, as the kernel
    /// measured it.
    /// </summary>
    public double Send(LabHost host, int count) =>
        host.RunInside(() => _object.Program("send_tuple").SendLive(_frame, count));

    /// <summary>The first tuple is the next one.</summary>
    public void Rewind() => _tuples.Rewind();

    public void Dispose()
    {
        _tuples.Dispose();
        _object.Dispose();
    }
}
