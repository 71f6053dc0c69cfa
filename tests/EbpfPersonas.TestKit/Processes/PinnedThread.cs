using System.ComponentModel;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Processes;

/// <summary>
/// A thread that stays on one CPU (sched_setaffinity(2)), and gives what it threw to whoever joins it.
/// </summary>
public sealed class PinnedThread
{
    private readonly Thread _thread;
    private Exception? _failure;

    private PinnedThread(int cpu, Action action) => _thread = new Thread(() =>
    {
        try
        {
            Pin(cpu);
            action();
        }
#pragma warning disable CA1031 // Whoever joins the thread gets it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _failure = failure;
        }
    });

    /// <summary>Starts <paramref name="action"/> on <paramref name="cpu"/>, counted from 0.</summary>
    public static PinnedThread Start(int cpu, Action action)
    {
        var pinned = new PinnedThread(cpu, action);
        pinned._thread.Start();
        return pinned;
    }

    /// <summary>Waits for its end.</summary>
    public void Join()
    {
        _thread.Join();
        if (_failure is not null)
        {
            throw new InvalidOperationException("The thread failed.", _failure);
        }
    }

    private static unsafe void Pin(int cpu)
    {
        cpu_set_t set = default;
        LibC.CPU_ZERO(&set);
        LibC.CPU_SET(cpu, &set);
        if (LibC.sched_setaffinity(0, sizeof(cpu_set_t), &set) != 0)
        {
            throw new Win32Exception(LibC.errno);
        }
    }
}
