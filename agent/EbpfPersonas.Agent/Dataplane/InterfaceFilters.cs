using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Hangs the two filter programs on every interface of this network namespace but loopback, and follows the interfaces that come and go.
/// </summary>
public sealed class InterfaceFilters : IDisposable
{
    // Ours among the clsact filters of an interface; first in order, and the same at every start, so that we replace only ourselves.
    private const uint ClsactHandle = 0xEB9F;
    private const uint ClsactPriority = 1;
    private const int Invalid = 22; // EINVAL
    private const int NoDevice = 19; // ENODEV

    private readonly BpfObject _filter;
    private readonly Dictionary<int, IDisposable[]> _attached = [];
    private readonly LinkWatch _links = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AttachMode _mode;
    private Thread? _watcher;

    /// <summary>Takes the programs of <paramref name="filter"/>, which is borrowed.</summary>
    public InterfaceFilters(BpfObject filter, AttachMode mode) => (_filter, _mode) = (filter, mode);

    /// <summary>Raised on the watching thread when an interface that appeared later could not be given a filter.</summary>
    public event Action<int, BpfException>? AttachFailed;

    /// <summary>Attaches to all interfaces there are, then watches for more; gives how. Throws <see cref="BpfException"/>.</summary>
    public AttachMode Start()
    {
        _watcher = new Thread(Watch) { IsBackground = true, Name = "interfaces" };
        _watcher.Start();
        _listed.Task.GetAwaiter().GetResult();
        return _mode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Stop();
        _watcher?.Join();
        _links.Dispose();
        foreach (var link in _attached.Values.SelectMany(links => links))
        {
            link.Dispose();
        }

        _attached.Clear();
    }

    private void Watch()
    {
        try
        {
            _links.Run(OnChange, () => _listed.TrySetResult());
        }
        catch (BpfException e) when (!_listed.Task.IsCompleted)
        {
            _listed.SetException(e);
        }
    }

    private void OnChange(LinkChange change)
    {
        if (!change.Present)
        {
            Detach(change.InterfaceIndex);
        }
        else if (!change.IsLoopback && !_attached.ContainsKey(change.InterfaceIndex))
        {
            try
            {
                _attached.Add(change.InterfaceIndex, AttachTo(change.InterfaceIndex));
            }
            catch (BpfException e) when (e.Errno == NoDevice)
            {
                // Gone again before we came; its end is the next message.
            }
            catch (BpfException e) when (_listed.Task.IsCompleted)
            {
                AttachFailed?.Invoke(change.InterfaceIndex, e);
            }
        }
    }

    private void Detach(int interfaceIndex)
    {
        if (_attached.Remove(interfaceIndex, out var links))
        {
            foreach (var link in links)
            {
                link.Dispose();
            }
        }
    }

    private IDisposable[] AttachTo(int interfaceIndex)
    {
        if (_mode is AttachMode.Auto or AttachMode.Tcx)
        {
            try
            {
                var links = Both(ingress => _filter.Program(Name(ingress)).AttachTcx(interfaceIndex, ingress));
                _mode = AttachMode.Tcx;
                return links;
            }
            catch (BpfException e) when (e.Errno == Invalid && _mode == AttachMode.Auto)
            {
                // The kernel is older than 6.6.
                _mode = AttachMode.Clsact;
            }
        }

        return Both(ingress => TcFilter.Attach(_filter.Program(Name(ingress)), interfaceIndex, ingress, ClsactHandle, ClsactPriority));
    }

    /// <summary>Both directions, or none.</summary>
    private static IDisposable[] Both(Func<bool, IDisposable> attach)
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
