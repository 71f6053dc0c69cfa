using System.Collections.Concurrent;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// Hangs the two filter programs on every interface of this network namespace but loopback, follows the interfaces that
/// come and go, and puts right what others do to the filters.
/// </summary>
public sealed class InterfaceFilters : IDisposable
{
    // So few are all looked at every second; of more, a quarter.
    private const int CheckedAlways = 64;
    private const int CheckRounds = 4;
    private const int NoDevice = 19; // ENODEV

    private static readonly TimeSpan ReopenPause = TimeSpan.FromSeconds(1);

    // Ours among the clsact filters of an interface.
    internal const uint ClsactHandle = ClsactHook.Handle;
    internal const uint ClsactPriority = ClsactHook.Priority;

    private readonly string? _linkDirectory;
    private readonly LinkDirectory? _directory;
    private readonly BpfObject _filter;
    private readonly RouteSocket _route = new();
    private readonly TimeProvider _time;
    private readonly EthernetLinks _ethernet;
    private readonly ConcurrentDictionary<int, GovernedInterface> _interfaces = [];
    private readonly HashSet<int> _named = [];
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkWatch _links = new();
    private HookMaker _hooks = null!;
    private AttachMode _mode;
    private Thread? _watcher;
    private bool _detaching;
    private bool _disposed;
    private int _round;
    private InterfaceTotals _totals;
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
        _filter = filter;
        _ethernet = new EthernetLinks(filter);
        _time = time ?? TimeProvider.System;
        _mode = mode;
    }

    /// <summary>
    /// Raised on the watching thread when something failed after the start: this interface (0 = any that appears) has
    /// no filter. It is tried again every second.
    /// </summary>
    public event Action<int, BpfException>? AttachFailed;

    /// <summary>Raised on the watching thread when an interface has got its filter, or an earlier one was adopted.</summary>
    public event Action<FilteredInterface>? Attached;

    /// <summary>Raised on the watching thread when a filter was put right: what had been wrong.</summary>
    public event Action<FilteredInterface, FilterFault>? Repaired;

    /// <summary>How the filters hang; Auto until the start.</summary>
    public AttachMode Mode => _mode;

    /// <summary>The interfaces that have a filter now, by index. Safe for several threads.</summary>
    public IReadOnlyList<FilteredInterface> Interfaces =>
        [.. _interfaces.Values.Select(known => known.Now).OfType<FilteredInterface>().OrderBy(known => known.Index)];

    /// <summary>What was counted since the start. Safe for several threads.</summary>
    public InterfaceTotals Totals
    {
        get
        {
            lock (_interfaces)
            {
                return _totals;
            }
        }
    }

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

        _hooks = new HookMaker(
            new FilterPrograms(_filter.Program("filter_ingress"), _filter.Program("filter_egress")),
            _directory,
            _route);
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
                _links.Run(OnChange, OnListed, CheckSome);
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
                // It is deleted, or it has left for another namespace, which we do not govern.
                Forget(change.InterfaceIndex);
                _ethernet.Set(change.InterfaceIndex, isEthernet: false);
                return true;
            }

            _named.Add(change.InterfaceIndex);
            _ethernet.Set(change.InterfaceIndex, change.IsEthernet && !change.IsLoopback);
            if (!change.IsLoopback)
            {
                Govern(change);
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

    private void Govern(LinkChange change)
    {
        // Packets pass only while it is up: what one that is down has counted, it counted elsewhere.
        var known = _interfaces.GetOrAdd(change.InterfaceIndex, index => new GovernedInterface(
            index, existed: !_listed.Task.IsCompleted, change.IsUp ? default : change.Packets));
        if (known.Hook is not null)
        {
            known.Now = known.Now! with { Name = change.Name };
            return;
        }

        (known.Hook, known.Adopted) = _hooks.Attach(change.InterfaceIndex, _mode);
        known.Now = new FilteredInterface
        {
            Index = change.InterfaceIndex,
            Name = change.Name,
            Mode = _mode,
            AttachedAt = _time.GetUtcNow(),
            Existed = known.Existed,
            PacketsBefore = known.Adopted ? default
                : LinkMessage.ReadPackets(_route, change.InterfaceIndex).Since(
                    known.Existed ? default : known.PacketsElsewhere),
        };
        if (!known.Existed)
        {
            lock (_interfaces)
            {
                _totals = _totals with { Unfiltered = _totals.Unfiltered.And(known.Now.PacketsBefore) };
            }
        }

        Attached?.Invoke(known.Now);
    }

    /// <summary>Everything was named: what was not is gone, and its end went unheard.</summary>
    private void OnListed()
    {
        foreach (var index in _interfaces.Keys.Where(index => !_named.Contains(index)))
        {
            Forget(index);
        }

        _directory?.RemoveAllBut(_named.Contains);
        _named.Clear();
        _listed.TrySetResult();
    }

    private void Forget(int interfaceIndex)
    {
        if (_interfaces.TryRemove(interfaceIndex, out var known))
        {
            known.Hook?.Remove();
        }
    }

    private void CheckSome()
    {
        _round++;
        foreach (var known in _interfaces.Values)
        {
            if (known.Hook is not null
                && (_interfaces.Count <= CheckedAlways || known.Index % CheckRounds == _round % CheckRounds))
            {
                Check(known, known.Hook);
            }
        }
    }

    private void Check(GovernedInterface known, InterfaceHook hook)
    {
        try
        {
            if (hook.FindFault() is var fault and not FilterFault.None)
            {
                hook.Repair();
                known.Now = known.Now! with { Repairs = known.Now.Repairs + 1 };
                lock (_interfaces)
                {
                    _totals = _totals with { Repairs = _totals.Repairs + 1 };
                }

                Repaired?.Invoke(known.Now, fault);
            }
        }
        catch (BpfException e) when (e.Errno == NoDevice)
        {
            // Its end is the next message.
        }
        catch (BpfException e)
        {
            AttachFailed?.Invoke(known.Index, e);
        }
    }

    private void End(bool failed)
    {
        foreach (var known in _interfaces.Values)
        {
            if (_detaching || _directory is null || (failed && !known.Adopted))
            {
                known.Hook?.Remove();
            }
            else
            {
                known.Hook?.Release();
            }
        }

        if (_detaching)
        {
            RemoveAll(_linkDirectory);
        }
    }
}
