using System.Diagnostics.CodeAnalysis;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// The live processes of the namespace by pid, at most <paramref name="capacity"/> of them and <see cref="TextMax"/> of
/// their paths, a part of it for each user: any user can make many processes with long paths, and must not crowd out
/// the others'. What is over a bound is not taken in, and <see cref="Refused"/> counts it. Not for several threads at
/// once.
/// </summary>
internal sealed class ProcessTable(int capacity)
{
    /// <summary>
    /// Characters of all paths together, so that a snapshot stays below 32 MiB on the wire (3 octets for a character at
    /// most).
    /// </summary>
    public const int TextMax = 8 * 1024 * 1024;

    /// <summary>Characters of the paths of one user other than root.</summary>
    public const int TextOfUserMax = TextMax / 16;

    private const uint Root = 0;

    private readonly Dictionary<uint, RunningProcess> _byPid = [];
    private readonly Dictionary<uint, int> _textOfUser = [];
    private int _text;

    /// <summary>Number of live processes.</summary>
    public int Count => _byPid.Count;

    /// <summary>How many processes had no room.</summary>
    public ulong Refused { get; private set; }

    /// <summary>The live processes, in no order.</summary>
    public IReadOnlyCollection<RunningProcess> Processes => _byPid.Values;

    /// <summary>A process has this image from now on; false where there is no room.</summary>
    public bool Set(RunningProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        Remove(process.Pid);
        var user = process.Image.UserId;
        var textOfUser = _textOfUser.GetValueOrDefault(user) + TextOf(process);
        if (_byPid.Count >= capacity
            || _text + TextOf(process) > TextMax
            || (user != Root && textOfUser > TextOfUserMax))
        {
            Refused++;
            return false;
        }

        _byPid.Add(process.Pid, process);
        _text += TextOf(process);
        _textOfUser[user] = textOfUser;
        return true;
    }

    /// <summary>A child with its parent's image; false where the parent is not known or there is no room.</summary>
    public bool TryFork(uint parentPid, uint pid, [NotNullWhen(true)] out RunningProcess? child)
    {
        child = _byPid.TryGetValue(parentPid, out var parent) ? new RunningProcess(pid, parentPid, parent.Image) : null;
        return child is not null && Set(child);
    }

    /// <summary>The process ended; false where it is not known.</summary>
    public bool Remove(uint pid)
    {
        if (!_byPid.Remove(pid, out var removed))
        {
            return false;
        }

        _text -= TextOf(removed);
        var user = removed.Image.UserId;
        if ((_textOfUser[user] -= TextOf(removed)) == 0)
        {
            _textOfUser.Remove(user);
        }

        return true;
    }

    /// <summary>Whether <paramref name="pid"/> is known.</summary>
    public bool Contains(uint pid) => _byPid.ContainsKey(pid);

    /// <summary>What a process runs, for the children that it starts; null where it is not known.</summary>
    public ParentImage? ImageOf(uint pid) => _byPid.GetValueOrDefault(pid)?.Image.AsParent();

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _byPid.Clear();
        _textOfUser.Clear();
        _text = 0;
    }

    private static int TextOf(RunningProcess process) =>
        process.Image.Path.Length + process.Image.Executable.Length + process.Image.UserName.Length
        + (process.Image.Parent?.Path.Length ?? 0) + (process.Image.Parent?.Executable.Length ?? 0);
}
