namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// What the processes ran that ended last: whoever hears of what one did may hear of its end first. Not for several
/// threads at once.
/// </summary>
internal sealed class EndedProcesses
{
    /// <summary>The most that are known; older ones are forgotten.</summary>
    public const int Max = 256;

    private readonly Queue<uint> _order = new();
    private readonly Dictionary<uint, RunningProcess> _processes = [];

    /// <summary>The process ended.</summary>
    public void Add(RunningProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        if (!_processes.ContainsKey(process.Pid))
        {
            if (_order.Count == Max)
            {
                _processes.Remove(_order.Dequeue());
            }

            _order.Enqueue(process.Pid);
        }

        _processes[process.Pid] = process;
    }

    /// <summary>As it was at its end, or null.</summary>
    public RunningProcess? Find(uint pid) => _processes.GetValueOrDefault(pid);
}
