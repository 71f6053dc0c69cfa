using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// Hangs the two filter programs on every interface of this network namespace but loopback, follows the interfaces that
/// come and go, and puts right what others do to the filters.
/// </summary>
public sealed class InterfaceFilters : IDisposable
{
    private const int NoDevice = 19; // ENODEV

    private static readonly TimeSpan ReopenPause = TimeSpan.FromSeconds(1);

    // Ours among the clsact filters of an interface.
    internal const uint ClsactHandle = ClsactHook.Handle;
    internal const uint ClsactPriority = ClsactHook.Priority;

    private readonly string? _linkDirectory;
    private readonly LinkDirectory? _directory;
    private readonly RouteSocket _route = new();
    private readonly EthernetLinks _ethernet;
    private readonly GovernedInterfaces _interfaces;
    private readonly HashSet<int> _named = [];
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkWatch _links = new();
    private AttachMode _mode;
    private Thread? _watcher;
    private bool _detaching;
    private bool _disposed;
    private BpfException? _endFailure;

    /// <summary>
    /// Takes the programs of <paramref name="filter"/>, which is borrowed. Below <paramref name="linkDirectory"/>, in a
    /// bpffs and of one agent only, the filters are kept beyond this process and found again; null = they end with it.
    /// </summary>
    public InterfaceFilters(
        BpfObject filter, AttachMode mode, string? linkDirectory = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _linkDirectory = linkDirectory;
        _directory = linkDirectory is null ? null : new LinkDirectory(linkDirectory);
        _ethernet = new EthernetLinks(filter);
        _interfaces = new GovernedInterfaces(
            new HookMaker(
                new FilterPrograms(filter.Program("filter_ingress"), filter.Program("filter_egress")),
                _directory,
                _route),
            _route,
            time ?? TimeProvider.System);
        _mode = mode;
    }

    /// <summary>
    /// Raised on the watching thread when something failed after the start: this interface (0 = any that appears) has
    /// no filter. It is tried again every second.
    /// </summary>
    public event Action<int, BpfException>? AttachFailed;

    /// <summary>
    /// Raised on the watching thread when an interface has got its filter, or an earlier one was adopted.
    /// </summary>
    public event Action<FilteredInterface>? Attached
    {
        add => _interfaces.Attached += value;
        remove => _interfaces.Attached -= value;
    }

    /// <summary>Raised on the watching thread when a filter was put right: what had been wrong.</summary>
    public event Action<FilteredInterface, FilterFault>? Repaired
    {
        add => _interfaces.Repaired += value;
        remove => _interfaces.Repaired -= value;
    }

    /// <summary>How the filters hang; Auto until the start.</summary>
    public AttachMode Mode => _mode;

    /// <summary>The interfaces that have a filter now, by index. Safe for several threads.</summary>
    public IReadOnlyList<FilteredInterface> Interfaces => _interfaces.Filtered;

    /// <summary>What was counted since the start. Safe for several threads.</summary>
    public InterfaceTotals Totals => _interfaces.Totals;

    /// <summary>
    /// Attaches to all interfaces there are, then watches for more; gives how. Throws <see cref="BpfException"/>.
    /// </summary>
    public AttachMode Start()
    {
        _directory?.Create();
        if (_mode == AttachMode.Auto)
        {
            _mode = TcxChain.IsSupported() ? AttachMode.Tcx : AttachMode.Clsact;
        }

        _watcher = new Thread(Watch) { IsBackground = true, Name = "interfaces" };
        _watcher.Start();
        _listed.Task.GetAwaiter().GetResult();
        return _mode;
    }

    /// <summary>
    /// Stops watching, and removes every filter of ours for good, also those of an earlier process. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public void Detach() => Stop(detach: true);

    /// <summary>
    /// Removes every filter of ours in the calling thread's network namespace, without one that watches: nobody may do
    /// so meanwhile. Throws <see cref="BpfException"/>.
    /// </summary>
    public static void RemoveAll(string? linkDirectory)
    {
        var directory = linkDirectory is null ? null : new LinkDirectory(linkDirectory);
        using var route = new RouteSocket();
        using var links = new LinkWatch();
        links.Run(
            change =>
            {
                if (!change.IsLoopback)
                {
                    ClsactHook.RemoveLeftOver(route, change.InterfaceIndex, directory);
                }

                return true;
            },
            links.Stop,
            () => { });
        directory?.RemoveAllBut(_ => false);
        directory?.Delete();
    }

    /// <summary>
    /// Stops watching. The filters stay where there is a directory for them, and end where there is none.
    /// </summary>
    public void Dispose() => Stop(detach: false);

    private void Stop(bool detach)
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _detaching = detach;
        _stopping.Set();
        lock (_stopping)
        {
            _links.Stop();
        }

        _watcher?.Join();
        _links.Dispose();
        _route.Dispose();
        _stopping.Dispose();
        if (detach && _watcher is null)
        {
            RemoveAll(_linkDirectory);
        }

        if (_endFailure is not null)
        {
            throw _endFailure;
        }
    }

    /// <summary>This thread is in the right network namespace, whoever disposes: so it cleans up too.</summary>
    private void Watch()
    {
        var failure = WatchUntilStopped();
        try
        {
            End(failed: failure is not null);
        }
        catch (BpfException e)
        {
            _endFailure = e;
        }

        if (failure is not null)
        {
            _listed.SetException(failure);
        }
    }

    /// <summary>Gives why the start failed.</summary>
    private BpfException? WatchUntilStopped()
    {
        while (true)
        {
            try
            {
                _links.Run(OnChange, OnListed, OnSecond);
                return null;
            }
            catch (BpfException e) when (!_listed.Task.IsCompleted)
            {
                return e;
            }
            catch (BpfException e)
            {
                AttachFailed?.Invoke(0, e);
                if (_stopping.Wait(ReopenPause))
                {
                    return null;
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
                _interfaces.Forget(change.InterfaceIndex);
                _ethernet.Set(change.InterfaceIndex, isEthernet: false);
                return true;
            }

            _named.Add(change.InterfaceIndex);
            _ethernet.Set(change.InterfaceIndex, change.IsEthernet && !change.IsLoopback);
            if (!change.IsLoopback)
            {
                _interfaces.Govern(change, _mode, existed: !_listed.Task.IsCompleted);
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
        _interfaces.ForgetAllBut(_named);
        _directory?.RemoveAllBut(_named.Contains);
        _named.Clear();
        _listed.TrySetResult();
    }

    private void OnSecond() => _interfaces.CheckSome((index, failure) => AttachFailed?.Invoke(index, failure));

    private void End(bool failed)
    {
        _interfaces.End(known => _detaching || _directory is null || (failed && !known.Adopted));
        if (_detaching)
        {
            RemoveAll(_linkDirectory);
        }
    }
}
