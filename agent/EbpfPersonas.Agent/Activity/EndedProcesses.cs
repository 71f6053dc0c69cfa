using EbpfPersonas.Personas.Activation;

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
    private readonly Dictionary<uint, ProcessImage> _images = [];

    /// <summary>The process ended.</summary>
    public void Add(RunningProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        if (!_images.ContainsKey(process.Pid))
        {
            if (_order.Count == Max)
            {
                _images.Remove(_order.Dequeue());
            }

            _order.Enqueue(process.Pid);
        }

        _images[process.Pid] = process.Image;
    }

    /// <summary>What it ran last, or null.</summary>
    public ProcessImage? Find(uint pid) => _images.GetValueOrDefault(pid);
}
