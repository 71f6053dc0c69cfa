using System.Collections.Concurrent;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// The interfaces of this network namespace and their filters. One thread changes them; <see cref="Filtered"/> and
/// <see cref="Totals"/> are for all.
/// </summary>
internal sealed class GovernedInterfaces(HookMaker hooks, RouteSocket route, TimeProvider time)
{
    // So few are all looked at every second; of more, a quarter.
    private const int CheckedAlways = 64;
    private const int CheckRounds = 4;
    private const int NoDevice = 19; // ENODEV

    private readonly ConcurrentDictionary<int, GovernedInterface> _known = [];
    private readonly Lock _counting = new();
    private InterfaceTotals _totals;
    private int _round;

    /// <summary>An interface has got its filter, or an earlier one was adopted.</summary>
    public event Action<FilteredInterface>? Attached;

    /// <summary>A filter was put right.</summary>
    public event Action<FilteredInterface, FilterFault>? Repaired;

    /// <summary>Those that have a filter, by index.</summary>
    public IReadOnlyList<FilteredInterface> Filtered =>
        [.. _known.Values.Select(known => known.Now).OfType<FilteredInterface>().OrderBy(known => known.Index)];

    public InterfaceTotals Totals
    {
        get
        {
            lock (_counting)
            {
                return _totals;
            }
        }
    }

    /// <summary>
    /// Gives the interface its filter where it has none; <paramref name="existed"/>: it was there before us. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public void Govern(LinkChange change, AttachMode mode, bool existed)
    {
        // Packets pass only while it is up: what one that is down has counted, it counted elsewhere.
        var known = _known.GetOrAdd(change.InterfaceIndex, index => new GovernedInterface(
            index, existed, change.IsUp ? default : change.Packets));
        if (known.Hook is not null && known.Now is { } before)
        {
            known.Now = before with { Name = change.Name };
            return;
        }

        (known.Hook, known.Adopted) = hooks.Attach(change.InterfaceIndex, mode);
        var now = new FilteredInterface
        {
            Index = change.InterfaceIndex,
            Name = change.Name,
            Mode = mode,
            AttachedAt = time.GetUtcNow(),
            Existed = known.Existed,
            PacketsBefore = known.Adopted ? default
                : LinkMessage.ReadPackets(route, change.InterfaceIndex).Since(
                    known.Existed ? default : known.PacketsElsewhere),
        };
        known.Now = now;
        if (!now.Existed)
        {
            Count(now.PacketsBefore, repairs: 0);
        }

        Attached?.Invoke(now);
    }

    /// <summary>
    /// It is gone, or has left for another namespace, which we do not govern: nothing of ours stays there.
    /// </summary>
    public void Forget(int interfaceIndex)
    {
        if (_known.TryRemove(interfaceIndex, out var known))
        {
            known.Hook?.Remove();
        }
    }

    public void ForgetAllBut(IReadOnlySet<int> present)
    {
        foreach (var index in _known.Keys.Where(index => !present.Contains(index)))
        {
            Forget(index);
        }
    }

    /// <summary>
    /// Puts right what is wrong; called every second, it looks at each interface within four. What cannot be put right
    /// goes to <paramref name="failed"/>.
    /// </summary>
    public void CheckSome(Action<int, BpfException> failed)
    {
        _round++;
        var all = _known.Count <= CheckedAlways;
        foreach (var known in _known.Values)
        {
            if (known.Hook is { } hook && (all || known.Index % CheckRounds == _round % CheckRounds))
            {
                Check(known, hook, failed);
            }
        }
    }

    /// <summary>Lets go of all; the filters of those that <paramref name="remove"/> names go with us.</summary>
    public void End(Func<GovernedInterface, bool> remove)
    {
        foreach (var known in _known.Values)
        {
            if (remove(known))
            {
                known.Hook?.Remove();
            }
            else
            {
                known.Hook?.Release();
            }
        }
    }

    private void Check(GovernedInterface known, InterfaceHook hook, Action<int, BpfException> failed)
    {
        try
        {
            if (known.Now is { } before && hook.FindFault() is var fault and not FilterFault.None)
            {
                hook.Repair();
                known.Now = before with { Repairs = before.Repairs + 1 };
                Count(default, repairs: 1);
                Repaired?.Invoke(known.Now, fault);
            }
        }
        catch (BpfException e) when (e.Errno == NoDevice)
        {
            // Its end is the next message.
        }
        catch (BpfException e)
        {
            failed(known.Index, e);
        }
    }

    private void Count(LinkPackets unfiltered, ulong repairs)
    {
        lock (_counting)
        {
            _totals = new InterfaceTotals(_totals.Unfiltered.And(unfiltered), _totals.Repairs + repairs);
        }
    }
}
