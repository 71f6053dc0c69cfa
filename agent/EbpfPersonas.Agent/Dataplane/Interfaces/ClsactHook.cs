using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// The filters of one interface in its clsact qdisc. They outlive the process by themselves; handle and priority say
/// that they are ours.
/// </summary>
internal sealed class ClsactHook(
    FilterPrograms programs, int interfaceIndex, LinkDirectory? directory, RouteSocket route) : InterfaceHook
{
    // The first priority there is, and the same at every start, so that we replace only ourselves. Among filters of the
    // same priority the newest is the first: on the way to the front ours stands there twice.
    internal const uint Handle = 0xEB9F;
    internal const uint Priority = 1;
    private const uint SpareHandle = 0xEB9E;

    private static readonly bool[] Directions = [true, false];
    private bool _madeQdisc;

    /// <summary>Whether an earlier process left a filter of ours.</summary>
    public static bool IsLeftOver(RouteSocket route, int interfaceIndex) =>
        Directions.Any(ingress => IsLeftOver(route, interfaceIndex, ingress));

    /// <summary>Likewise, in one direction.</summary>
    public static bool IsLeftOver(RouteSocket route, int interfaceIndex, bool ingress) =>
        ClsactQdisc.List(route, interfaceIndex, ingress).Any(IsOurs);

    /// <summary>
    /// Removes what an earlier process left: our filters, and the qdisc if we made it and nobody uses it.
    /// </summary>
    public static void RemoveLeftOver(RouteSocket route, int interfaceIndex, LinkDirectory? directory)
    {
        RemoveFilters(interfaceIndex);
        var ours = directory?.IsQdiscOurs(interfaceIndex) ?? false;
        RemoveQdisc(route, interfaceIndex, ours);
        if (ours)
        {
            directory!.RememberQdisc(interfaceIndex, ours: false);
        }
    }

    public override bool Attach()
    {
        var left = Directions.Count(ingress => IsLeftOver(route, interfaceIndex, ingress));
        var filters = new List<TcFilter>();
        try
        {
            foreach (var ingress in Directions)
            {
                filters.Add(Put(ingress, Handle));
            }

            filters.ForEach(filter => filter.Verify());
        }
        catch
        {
            filters.ForEach(filter => filter.Dispose());
            RemoveQdisc(route, interfaceIndex, filters.Any(filter => filter.MadeQdisc));
            throw;
        }

        // Where our filters were gone, the qdisc may be somebody else's that came in the place of ours.
        var made = filters.Any(filter => filter.MadeQdisc);
        TakeQdisc(made || (left > 0 && (directory?.IsQdiscOurs(interfaceIndex) ?? false)));
        foreach (var ingress in Directions.Where(ingress => FindFault(ingress) == FilterFault.NotFirst))
        {
            MoveToFront(ingress);
        }

        return left == Directions.Length;
    }

    public override FilterFault FindFault() =>
        FindFault(ingress: true) is var fault and not FilterFault.None ? fault : FindFault(ingress: false);

    public override void Repair()
    {
        var faults = Directions.Select(FindFault).ToArray();
        var made = false;
        foreach (var (ingress, fault) in Directions.Zip(faults))
        {
            if (fault is FilterFault.Removed or FilterFault.Exchanged)
            {
                var filter = Put(ingress, Handle);
                filter.Verify();
                made |= filter.MadeQdisc;
            }

            if (FindFault(ingress) == FilterFault.NotFirst)
            {
                MoveToFront(ingress);
            }
        }

        if (made || faults.All(fault => fault == FilterFault.Removed))
        {
            TakeQdisc(made);
        }
    }

    public override void Remove()
    {
        RemoveFilters(interfaceIndex);
        RemoveQdisc(route, interfaceIndex, _madeQdisc);
        directory?.RememberQdisc(interfaceIndex, ours: false);
    }

    public override void Release()
    {
    }

    private static bool IsOurs(TcFilterEntry entry) =>
        entry is { Handle: Handle or SpareHandle, Priority: Priority, Kind: "bpf" };

    private static void RemoveFilters(int interfaceIndex)
    {
        foreach (var ingress in Directions)
        {
            TcFilter.Detach(interfaceIndex, ingress, Handle, Priority);
            TcFilter.Detach(interfaceIndex, ingress, SpareHandle, Priority);
        }
    }

    private static void RemoveQdisc(RouteSocket route, int interfaceIndex, bool ours)
    {
        if (ours && Directions.All(ingress => ClsactQdisc.List(route, interfaceIndex, ingress).Count == 0))
        {
            ClsactQdisc.Remove(interfaceIndex);
        }
    }

    private FilterFault FindFault(bool ingress)
    {
        var filters = ClsactQdisc.List(route, interfaceIndex, ingress);
        for (var i = 0; i < filters.Count; i++)
        {
            if (filters[i] is { Handle: Handle, Priority: Priority })
            {
                return filters[i].ProgramId != (ingress ? programs.Ingress : programs.Egress).Id ? FilterFault.Exchanged
                    : i > 0 ? FilterFault.NotFirst
                    : FilterFault.None;
            }
        }

        return FilterFault.Removed;
    }

    private void MoveToFront(bool ingress)
    {
        Put(ingress, SpareHandle);
        TcFilter.Detach(interfaceIndex, ingress, Handle, Priority);
        Put(ingress, Handle);
        TcFilter.Detach(interfaceIndex, ingress, SpareHandle, Priority);
    }

    private TcFilter Put(bool ingress, uint handle) =>
        TcFilter.Attach(
            ingress ? programs.Ingress : programs.Egress, interfaceIndex, ingress, handle, Priority);

    private void TakeQdisc(bool ours)
    {
        _madeQdisc = ours;
        directory?.RememberQdisc(interfaceIndex, ours);
    }
}
