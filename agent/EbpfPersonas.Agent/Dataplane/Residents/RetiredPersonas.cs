using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Residents;

/// <summary>
/// Personas that are not active any more: their room comes back a grace period later, off the way of whoever switches.
/// Members are called under <paramref name="gate"/>; <paramref name="reclaim"/> keeps the counts of one and frees its
/// room.
/// </summary>
internal sealed class RetiredPersonas(Lock gate, GracePeriod grace, Action<ResidentPersona> reclaim)
{
    private readonly List<ResidentPersona> _retired = [];
    private Task _reclaiming = Task.CompletedTask;
    private bool _stopped;

    /// <summary>Those whose room is not back yet.</summary>
    public IEnumerable<ResidentPersona> All => _retired;

    /// <summary>A persona that is not active any more.</summary>
    public void Add(ResidentPersona resident)
    {
        _retired.Add(resident);
        if (_reclaiming.IsCompleted)
        {
            _reclaiming = Task.Run(ReclaimInBackground);
        }
    }

    /// <summary>Waits for programs and takes back all that is there.</summary>
    public void ReclaimNow()
    {
        if (_retired.Count > 0)
        {
            grace.Wait();
        }

        while (_retired.Count > 0)
        {
            Reclaim(_retired[^1]);
        }
    }

    /// <summary>Nothing is taken back any more; the task ends when nobody waits for programs.</summary>
    public Task Stop()
    {
        _stopped = true;
        return _reclaiming;
    }

    /// <summary>Waits for programs without holding up whoever switches, and takes back one persona at a time.</summary>
    private void ReclaimInBackground()
    {
        try
        {
            while (Batch() is { Length: > 0 } batch)
            {
                grace.Wait();
                foreach (var resident in batch)
                {
                    lock (gate)
                    {
                        Reclaim(resident);
                    }
                }
            }
        }
        catch (BpfException)
        {
            // Whoever needs the room tries again, and then the failure is the answer.
        }
    }

    /// <summary>Those that retired so far; none once the datapath is disposed of.</summary>
    private ResidentPersona[] Batch()
    {
        lock (gate)
        {
            return _stopped ? [] : [.. _retired];
        }
    }

    /// <summary>
    /// No program sees it any more: its counts are kept, its room is free. Who came first did it already.
    /// </summary>
    private void Reclaim(ResidentPersona resident)
    {
        // The same persona may have come and retired in the same place again, and then still be seen.
        var index = _retired.FindIndex(retired => ReferenceEquals(retired, resident));
        if (index >= 0)
        {
            _retired.RemoveAt(index);
            reclaim(resident);
        }
    }
}
