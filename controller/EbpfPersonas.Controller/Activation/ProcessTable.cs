using System.Diagnostics.CodeAnalysis;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The live processes of one VM, and how many of them match each persona's trigger. Not safe for concurrent use.
/// </summary>
internal sealed class ProcessTable
{
    /// <summary>
    /// More processes than this are not followed (Linux's default pid_max on large machines is 4 million, in use are
    /// hundreds).
    /// </summary>
    public const int Max = 65_536;

    private readonly Dictionary<uint, VmProcess> _processes = [];
    private Dictionary<string, Watch> _watches = new(StringComparer.Ordinal);

    public int Count => _processes.Count;

    /// <summary>Whether there were more processes than are followed, since the last snapshot.</summary>
    public bool HasIgnored { get; private set; }

    /// <summary>Whether a process matches the trigger of <paramref name="persona"/>.</summary>
    public bool IsLive(string persona) => _watches.TryGetValue(persona, out var watch) && watch.Matching > 0;

    /// <summary>A live process that matches the trigger of <paramref name="persona"/>, or null.</summary>
    public VmProcess? FindMatch(string persona) => _watches.TryGetValue(persona, out var watch) && watch.Matching > 0
        ? _processes.Values.Where(process => watch.Trigger.Matches(process.Image)).MinBy(process => process.Time)
        : null;

    /// <summary>Sets the triggers to count for, and counts anew.</summary>
    public void WatchFor(IEnumerable<(string Persona, Trigger Trigger)> triggers)
    {
        _watches = triggers.ToDictionary(pair => pair.Persona, pair => new Watch(pair.Trigger), StringComparer.Ordinal);
        foreach (var process in _processes.Values)
        {
            Tally(process, +1);
        }
    }

    /// <summary>A process started or has a new image; whether that may have made a trigger live or ended one.</summary>
    public bool Start(VmProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        var turned = false;
        if (_processes.Remove(process.Pid, out var replaced))
        {
            turned |= Tally(replaced, -1);
        }

        if (_processes.Count < Max)
        {
            _processes.Add(process.Pid, process);
            turned |= Tally(process, +1);
        }
        else
        {
            HasIgnored = true;
        }

        return turned;
    }

    /// <summary>
    /// A process ended; whether that ended a trigger. False for a pid that is not known: exits may come twice.
    /// </summary>
    public bool Exit(uint pid, [NotNullWhen(true)] out VmProcess? process, out bool endedTrigger)
    {
        endedTrigger = false;
        if (!_processes.Remove(pid, out process))
        {
            return false;
        }

        endedTrigger = Tally(process, -1);
        return true;
    }

    /// <summary>Replaces everything that is known.</summary>
    public void Replace(IEnumerable<VmProcess> processes)
    {
        _processes.Clear();
        HasIgnored = false;
        foreach (var watch in _watches.Values)
        {
            watch.Matching = 0;
        }

        foreach (var process in processes)
        {
            Start(process);
        }
    }

    /// <summary>Whether a trigger became live or ended.</summary>
    private bool Tally(VmProcess process, int change)
    {
        var turned = false;
        foreach (var watch in _watches.Values.Where(watch => watch.Trigger.Matches(process.Image)))
        {
            watch.Matching += change;
            turned |= watch.Matching == 0 || (change > 0 && watch.Matching == 1);
        }

        return turned;
    }

    private sealed class Watch(Trigger trigger)
    {
        public Trigger Trigger { get; } = trigger;

        public int Matching { get; set; }
    }
}
