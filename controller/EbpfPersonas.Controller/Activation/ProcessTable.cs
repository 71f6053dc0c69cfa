using System.Diagnostics.CodeAnalysis;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The live processes of one VM, and which conditions they meet. Not safe for concurrent use.
/// </summary>
internal sealed class ProcessTable
{
    /// <summary>
    /// More processes than this are not followed (Linux's default pid_max on large machines is 4 million, in use are
    /// hundreds).
    /// </summary>
    public const int Max = 65_536;

    private readonly Dictionary<uint, VmProcess> _processes = [];
    private readonly HashSet<ProcessCondition> _live = [];
    private Dictionary<ProcessCondition, int> _matching = [];

    public int Count => _processes.Count;

    /// <summary>Whether there were more processes than are followed, since the last snapshot.</summary>
    public bool HasIgnored { get; private set; }

    /// <summary>The conditions that a process meets; the same set, changed, as long as the table lives.</summary>
    public IReadOnlySet<ProcessCondition> Live => _live;

    /// <summary>The process that meets one of <paramref name="conditions"/> for the longest, or null.</summary>
    public VmProcess? FindMatch(IEnumerable<ProcessCondition> conditions)
    {
        var live = conditions.Where(_live.Contains).ToArray();
        return live.Length == 0 ? null : _processes.Values
            .Where(process => Array.Exists(live, condition => condition.Matches(process.Image)))
            .MinBy(process => process.Time);
    }

    /// <summary>Sets the conditions to count for, and counts anew.</summary>
    public void WatchFor(IEnumerable<ProcessCondition> conditions)
    {
        _matching = conditions.Distinct().ToDictionary(condition => condition, _ => 0);
        _live.Clear();
        foreach (var process in _processes.Values)
        {
            Tally(process, +1);
        }
    }

    /// <summary>A process started or has a new image; whether a condition may have turned.</summary>
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
    /// A process ended; whether that ended a condition. False for a pid that is not known: exits may come twice.
    /// </summary>
    public bool Exit(uint pid, [NotNullWhen(true)] out VmProcess? process, out bool ended)
    {
        ended = false;
        if (!_processes.Remove(pid, out process))
        {
            return false;
        }

        ended = Tally(process, -1);
        return true;
    }

    /// <summary>Replaces everything that is known.</summary>
    public void Replace(IEnumerable<VmProcess> processes)
    {
        _processes.Clear();
        HasIgnored = false;
        WatchFor([.. _matching.Keys]);

        foreach (var process in processes)
        {
            Start(process);
        }
    }

    /// <summary>Whether a condition began to hold or ended.</summary>
    private bool Tally(VmProcess process, int change)
    {
        var turned = false;
        foreach (var condition in _matching.Keys.Where(condition => condition.Matches(process.Image)))
        {
            var matching = _matching[condition] += change;
            turned |= matching == 0 ? _live.Remove(condition) : _live.Add(condition);
        }

        return turned;
    }
}
