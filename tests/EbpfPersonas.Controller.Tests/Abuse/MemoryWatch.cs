using System.Diagnostics;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>
/// How much memory the process comes to have, client and controller together: the resident set at its peak, looked at
/// ten times a second, and the managed heap at the end.
/// </summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    /// <summary>Octets that may be added.</summary>
    public const long Bound = 200L << 20;

    private readonly long _heap = GC.GetTotalMemory(forceFullCollection: true);
    private readonly long _resident = Resident();
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _looking;
    private long _peak;

    public MemoryWatch() => _looking = LookAsync();

    /// <summary>Expects that no more than the bound was added.</summary>
    public string ExpectBounded()
    {
        var heap = GC.GetTotalMemory(forceFullCollection: true) - _heap;
        var resident = Math.Max(Interlocked.Read(ref _peak), Resident()) - _resident;
        var measured = $"resident +{resident >> 20} MiB at the peak, managed +{heap >> 20} MiB at the end";
        Assert.True(heap <= Bound && resident <= Bound, measured);
        return measured;
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _looking;
        _ended.Dispose();
    }

    private static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private async Task LookAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _peak, Math.Max(Interlocked.Read(ref _peak), Resident()));
            await Task.Delay(100, _ended.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }
}
