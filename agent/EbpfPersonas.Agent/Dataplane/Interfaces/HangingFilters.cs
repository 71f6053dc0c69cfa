using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>What agents left hanging on the interfaces of the calling thread's network namespace.</summary>
internal static class HangingFilters
{
    private const int NoDevice = 19; // ENODEV

    /// <summary>
    /// Every interface but loopback; links are known by their names in <paramref name="linkDirectory"/>, clsact filters
    /// by their handle. Throws <see cref="BpfException"/>.
    /// </summary>
    public static IReadOnlyList<HangingFilter> Read(string? linkDirectory)
    {
        var directory = linkDirectory is null ? null : new LinkDirectory(linkDirectory);
        var found = new List<HangingFilter>();
        using var route = new RouteSocket();
        using var links = new LinkWatch();
        links.Run(
            change =>
            {
                if (change is { Present: true, IsLoopback: false })
                {
                    found.Add(new HangingFilter(
                        change.Name,
                        Find(change.InterfaceIndex, ingress: true),
                        Find(change.InterfaceIndex, ingress: false)));
                }

                return true;
            },
            links.Stop,
            () => { });
        return found;

        AttachMode? Find(int interfaceIndex, bool ingress)
        {
            try
            {
                return TcxDirection.IsLeftOver(directory, interfaceIndex, ingress) ? AttachMode.Tcx
                    : ClsactHook.IsLeftOver(route, interfaceIndex, ingress) ? AttachMode.Clsact
                    : null;
            }
            catch (BpfException e) when (e.Errno == NoDevice)
            {
                return null;
            }
        }
    }
}
