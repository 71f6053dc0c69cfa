using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Early verdicts: programs on a cgroup that fail connect, sendto and sendmsg at once (EPERM) where the filter is
/// certain to stop the first packet. They read the filter's maps and concern one network namespace. A friendliness: the
/// filter stays the guarantee.
/// </summary>
public sealed class SocketHooks : IDisposable
{
    private static readonly string[] Programs = ["connect4", "connect6", "sendmsg4", "sendmsg6"];

    private readonly BpfObject _filter;
    private readonly ulong _netnsCookie;
    private readonly string? _linkDirectory;
    private readonly List<BpfLink> _links = [];
    private BpfObject? _hooks;

    /// <summary>
    /// Takes the maps of the loaded <paramref name="filter"/>, which is borrowed; <paramref name="netnsCookie"/> names
    /// the namespace that is governed; in <paramref name="linkDirectory"/>, of one agent alone in a bpffs, the programs
    /// are kept beyond this process (null = they end with it). Nothing is loaded yet.
    /// </summary>
    public SocketHooks(BpfObject filter, ulong netnsCookie, string? linkDirectory = null) =>
        (_filter, _netnsCookie, _linkDirectory) = (filter, netnsCookie, linkDirectory);

    /// <summary>Whether local programs get early verdicts.</summary>
    public bool Attached => _links.Count == Programs.Length;

    /// <summary>
    /// Loads the programs and attaches them to the cgroup v2 at <paramref name="folder"/>, for it and all below it. All
    /// of them or, where it throws <see cref="BpfException"/> or <see cref="IOException"/>, none but those that another
    /// process pinned. Where those are, each is replaced: for a moment both are asked, and mean the same.
    /// </summary>
    public void Attach(string folder)
    {
        try
        {
            _hooks = Load();
            using var cgroup = CgroupFolder.Open(folder);
            foreach (var name in Programs)
            {
                var link = _hooks.Program(name).AttachCgroup(cgroup);
                _links.Add(link);
                if (_linkDirectory is not null)
                {
                    LinkPins.Keep(link, _linkDirectory, Pin(name));
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How often each hook refused, since the filter was loaded.</summary>
    public IReadOnlyList<(SocketHook Hook, ulong Count)> ReadDenials()
    {
        var perCpu = new EarlyVerdicts[BpfMap.PossibleCpus];
        var denials = new (SocketHook, ulong)[(int)SocketHook.Count];
        for (var hook = 0; hook < denials.Length; hook++)
        {
            _filter.Map("early_verdicts").LookupPerCpu<EarlyVerdicts>((uint)hook, perCpu);
            denials[hook] = ((SocketHook)hook, perCpu.Aggregate(0ul, (sum, cpu) => sum + cpu.Denied));
        }

        return denials;
    }

    /// <summary>Takes away what is pinned in <paramref name="linkDirectory"/>, which detaches it.</summary>
    public static void RemovePinned(string linkDirectory)
    {
        foreach (var name in Programs)
        {
            LinkPins.Remove(linkDirectory, Pin(name));
        }
    }

    /// <summary>Detaches for good, what is pinned too; <see cref="Attach"/> undoes it.</summary>
    public void Detach()
    {
        _links.ForEach(link => link.Detach());
        if (_linkDirectory is not null)
        {
            RemovePinned(_linkDirectory);
        }

        Dispose();
    }

    /// <summary>Detaches and unloads; what is pinned stays attached.</summary>
    public void Dispose()
    {
        foreach (var link in _links)
        {
            link.Dispose();
        }

        _links.Clear();
        _hooks?.Dispose();
        _hooks = null;
    }

    private static string Pin(string name) => "cgroup-" + name;

    private BpfObject Load()
    {
        var hooks = BpfObject.Open(BpfImages.Read("socket.bpf.o"), "socket");
        try
        {
            hooks.ShareMaps(_filter);
            hooks.SetConstant("netns_cookie", _netnsCookie);
            hooks.Load();
            return hooks;
        }
        catch
        {
            hooks.Dispose();
            throw;
        }
    }
}
