using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// Tells which network interfaces this network namespace has, and each change, through rtnetlink(7). Asks the kernel
/// and not /sys, which may show another namespace.
/// </summary>
public sealed class LinkWatch : IDisposable
{
    private const uint GroupLink = 1; // include/uapi/linux/rtnetlink.h

    private readonly RouteWatch _watch = new(GroupLink, LinkMessage.Get, LinkMessage.Length);

    /// <summary>
    /// Calls <paramref name="changed"/> for every interface there is, then <paramref name="listed"/>, and then again
    /// for each change, until <see cref="Stop"/>; and <paramref name="everySecond"/> from time to time. What was not
    /// named between two calls of <paramref name="listed"/> may be gone. Where <paramref name="changed"/> says false
    /// everything is listed again after a second. Throws <see cref="BpfException"/>.
    /// </summary>
    public void Run(Func<LinkChange, bool> changed, Action listed, Action everySecond)
    {
        ArgumentNullException.ThrowIfNull(changed);
        _watch.Run(
            (type, body) => LinkMessage.Read(type, body) is not { } change || changed(change), listed, everySecond);
    }

    /// <summary>Ends <see cref="Run"/>, from any thread.</summary>
    public void Stop() => _watch.Stop();

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();
}
