using System.Collections.Immutable;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Agent.Activation;

/// <summary>
/// The conditions that the controller waits for: the kernel counts them in the room that staged personas leave, so that
/// somebody is woken when one begins or ends. What has no room is reported without haste. Not for several threads at
/// once, but for <see cref="Turned"/>.
/// </summary>
internal sealed class AwaitedConditions(ConditionWatch watch)
{
    private ImmutableArray<ProcessCondition> _wanted = [];
    private ImmutableDictionary<ProcessCondition, int> _numbers = ImmutableDictionary<ProcessCondition, int>.Empty;
    private ulong _mask;

    /// <summary>Whether one of them did. For any thread.</summary>
    public bool Turned(ProcessTurn turn) => ((turn.Began | turn.Ended) & Volatile.Read(ref _mask)) != 0;

    /// <summary>From now on these.</summary>
    public void Replace(ImmutableArray<ProcessCondition> wanted)
    {
        _wanted = wanted;
        End(_numbers.Where(pair => !wanted.Contains(pair.Key)));
        TakeUp();
    }

    /// <summary>Leaves so many numbers to others, if it has to.</summary>
    public void MakeRoom(int numbers)
    {
        if (!_numbers.IsEmpty && numbers > watch.Room)
        {
            End(_numbers);
        }
    }

    /// <summary>Begins with what has room now, the first ones first.</summary>
    public void TakeUp()
    {
        if (_numbers.Count < _wanted.Length && watch.Room > 0)
        {
            Set(_numbers.AddRange(watch.Begin(_wanted.Where(condition => !_numbers.ContainsKey(condition)))));
        }
    }

    private void End(IEnumerable<KeyValuePair<ProcessCondition, int>> gone)
    {
        var ended = gone.ToList();
        Set(_numbers.RemoveRange(ended.Select(pair => pair.Key)));
        watch.End(ended.Select(pair => pair.Value));
    }

    private void Set(ImmutableDictionary<ProcessCondition, int> numbers)
    {
        _numbers = numbers;
        Volatile.Write(ref _mask, numbers.Values.Aggregate(0UL, (mask, number) => mask | (1UL << number)));
    }
}
