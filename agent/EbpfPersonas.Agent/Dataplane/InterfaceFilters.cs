using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Hangs the two filter programs on every interface of this network namespace but loopback, and follows the interfaces
/// that come and go.
/// </summary>
public sealed class InterfaceFilters : IDisposable
{
    // Ours among the clsact filters of an interface; first in order, and the same at every start, so that we replace
    // only ourselves.
    internal const uint ClsactHandle = 0xEB9F;
    internal const uint ClsactPriority = 1;
    private const int Invalid = 22; // EINVAL
    private const int NoDevice = 19; // ENODEV
    private const int NoLink = 67; // ENOLINK

    private static readonly TimeSpan ReopenPause = TimeSpan.FromSeconds(1);

    private readonly BpfObject _filter;
    private readonly string? _linkDirectory;
    private readonly EthernetLinks _ethernet;
    private readonly Dictionary<int, IDisposable[]> _attached = [];
    private readonly HashSet<int> _named = [];
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkWatch _links = new();
    private AttachMode _mode;
    private Thread? _watcher;

    /// <summary>
    /// Takes the programs of <paramref name="filter"/>, which is borrowed. With <paramref name="linkDirectory"/> the
    /// filters outlive this object, and those that an earlier one left there are taken over without a gap.
    /// </summary>
    public InterfaceFilters(BpfObject filter, AttachMode mode, string? linkDirectory = null)
    {
        (_filter, _mode, _linkDirectory) = (filter, mode, linkDirectory);
        _ethernet = new EthernetLinks(filter);
    }

    /// <summary>
    /// Raised on the watching thread when something failed after the start: this interface (0 = any that appears) has
    /// no filter. It is tried again every second.
    /// </summary>
    public event Action<int, BpfException>? AttachFailed;

    /// <summary>How the filters hang; Auto until the first interface.</summary>
    public AttachMode Mode => _mode;

    /// <summary>
    /// Attaches to all interfaces there are, then watches for more; gives how. Throws <see cref="BpfException"/>.
    /// </summary>
    public AttachMode Start()
    {
        _watcher = new Thread(Watch) { IsBackground = true, Name = "interfaces" };
        _watcher.Start();
        _listed.Task.GetAwaiter().GetResult();
        return _mode;
    }

    /// <summary>Takes the filters off for good.</summary>
    public void Detach()
    {
        StopWatching();
        foreach (var index in _attached.Keys.ToList())
        {
            Detach(index);
        }

        if (Directory.Exists(_linkDirectory))
        {
            Directory.Delete(_linkDirectory, recursive: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        StopWatching();
        if (_linkDirectory is null)
        {
            Detach();
        }

        foreach (var link in _attached.Values.SelectMany(links => links).OfType<BpfLink>())
        {
            link.Dispose();
        }

        _links.Dispose();
        _stopping.Dispose();
    }

    private void StopWatching()
    {
        _stopping.Set();
        lock (_stopping)
        {
            _links.Stop();
        }

        _watcher?.Join();
        _watcher = null;
    }

    private void Watch()
    {
        while (true)
        {
            try
            {
                _links.Run(OnChange, OnListed);
                return;
            }
            catch (BpfException e) when (!_listed.Task.IsCompleted)
            {
                _listed.SetException(e);
                return;
            }
            catch (BpfException e)
            {
                AttachFailed?.Invoke(0, e);
                if (_stopping.Wait(ReopenPause))
                {
                    return;
                }

                Reopen();
            }
        }
    }

    /// <summary>A new socket has nothing half-read; it lists everything again.</summary>
    private void Reopen()
    {
        lock (_stopping)
        {
            _links.Dispose();
            _links = new LinkWatch();
            if (_stopping.IsSet)
            {
                _links.Stop();
            }
        }

        _named.Clear();
    }

    /// <summary>False: it did not work, and is to be tried again.</summary>
    private bool OnChange(LinkChange change)
    {
        try
        {
            if (!change.Present)
            {
                Detach(change.InterfaceIndex);
                _ethernet.Set(change.InterfaceIndex, isEthernet: false);
                return true;
            }

            _named.Add(change.InterfaceIndex);
            _ethernet.Set(change.InterfaceIndex, change.IsEthernet && !change.IsLoopback);
            if (!change.IsLoopback && !_attached.ContainsKey(change.InterfaceIndex))
            {
                _attached.Add(change.InterfaceIndex, AttachTo(change.InterfaceIndex));
            }

            return true;
        }
        catch (BpfException e) when (e.Errno == NoDevice)
        {
            // Gone again before we came; its end is the next message.
            return true;
        }
        catch (BpfException e) when (_listed.Task.IsCompleted)
        {
            AttachFailed?.Invoke(change.InterfaceIndex, e);
            return false;
        }
    }

    /// <summary>Everything was named: what was not is gone, and its end went unheard.</summary>
    private void OnListed()
    {
        foreach (var index in _attached.Keys.Where(index => !_named.Contains(index)).ToList())
        {
            Detach(index);
        }

        _named.Clear();
        _listed.TrySetResult();
    }

    private void Detach(int interfaceIndex)
    {
        if (_attached.Remove(interfaceIndex, out var links))
        {
            foreach (var link in links)
            {
                link.Dispose();
            }

            foreach (var ingress in new[] { true, false })
            {
                if (Directory.Exists(_linkDirectory))
                {
                    File.Delete(LinkPath(interfaceIndex, ingress));
                }
            }
        }
    }

    private IDisposable[] AttachTo(int interfaceIndex)
    {
        if (_mode is AttachMode.Auto or AttachMode.Tcx)
        {
            try
            {
                var links = Both(ingress => LinkTo(interfaceIndex, ingress));
                _mode = AttachMode.Tcx;

                // An agent that was killed leaves its clsact filters, with a persona that nobody can change any more.
                TcFilter.Detach(interfaceIndex, ingress: true, ClsactHandle, ClsactPriority);
                TcFilter.Detach(interfaceIndex, ingress: false, ClsactHandle, ClsactPriority);
                return links;
            }
            catch (BpfException e) when (e.Errno == Invalid && _mode == AttachMode.Auto)
            {
                // The kernel is older than 6.6.
                _mode = AttachMode.Clsact;
            }
        }

        var filters = Both(ingress => TcFilter.Attach(
            _filter.Program(Name(ingress)), interfaceIndex, ingress, ClsactHandle, ClsactPriority));
        try
        {
            foreach (var filter in filters)
            {
                filter.Verify();
            }
        }
        catch
        {
            Array.ForEach(filters, filter => filter.Dispose());
            throw;
        }

        return filters;
    }

    /// <summary>A pinned link of this interface gets the new program, else there will be one.</summary>
    private BpfLink LinkTo(int interfaceIndex, bool ingress)
    {
        var program = _filter.Program(Name(ingress));
        if (_linkDirectory is null)
        {
            return program.AttachTcx(interfaceIndex, ingress);
        }

        Directory.CreateDirectory(_linkDirectory);
        var path = LinkPath(interfaceIndex, ingress);
        if (BpfLink.OpenPinned(path) is { } pinned)
        {
            try
            {
                pinned.Update(program);
                return pinned;
            }
            catch (BpfException e) when (e.Errno == NoLink)
            {
                pinned.Dispose();
                File.Delete(path);
            }
        }

        var link = program.AttachTcx(interfaceIndex, ingress);
        link.Pin(path);
        return link;
    }

    private string LinkPath(int interfaceIndex, bool ingress) =>
        Path.Join(_linkDirectory, $"{interfaceIndex}_{(ingress ? "ingress" : "egress")}");

    /// <summary>Both directions, or none.</summary>
    private static T[] Both<T>(Func<bool, T> attach)
        where T : IDisposable
    {
        var ingress = attach(true);
        try
        {
            return [ingress, attach(false)];
        }
        catch
        {
            ingress.Dispose();
            throw;
        }
    }

    private static string Name(bool ingress) => ingress ? "filter_ingress" : "filter_egress";
}
