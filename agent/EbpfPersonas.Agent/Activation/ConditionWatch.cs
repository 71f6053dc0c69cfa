using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Activation;

/// <summary>
/// Has the kernel watch for the conditions of triggers, and reads what it counted. Not for several threads at once.
/// </summary>
internal sealed class ConditionWatch(KernelStages stages, UserNames users, ProcFiles files)
{
    /// <summary>No process has this user: to setuid it means "as it is".</summary>
    private const uint Nobody = uint.MaxValue;

    /// <summary>What an agent before this one had the kernel watch for, as far as nobody here has asked for it.</summary>
    private readonly Dictionary<int, KernelCondition> _left =
        stages.Watched.ToDictionary(watched => watched.Number, watched => watched.Condition);

    /// <summary>What was taken from there, until <see cref="EndLeft"/>.</summary>
    private readonly Dictionary<int, KernelCondition> _takenUp = [];

    /// <summary>
    /// Begins to watch for the conditions of a binding, also among the processes that run already. Throws
    /// <see cref="ApplyException"/> where the kernel has no room.
    /// </summary>
    public StagedBinding Begin(Binding binding, Persona persona)
    {
        users.Refresh();
        var numbers = new Dictionary<ProcessCondition, int>();
        int? own = null;
        try
        {
            foreach (var condition in binding.Trigger.Conditions.Distinct())
            {
                numbers.Add(condition, Watch(binding, Kernel(binding, condition)));
            }

            // Holds for nobody: nothing has such a name.
            own = KernelTrigger.IsPlain(binding.Trigger)
                ? null
                : Watch(binding, new KernelCondition("/" + binding.Persona, null, null, null));
        }
        catch
        {
            GiveBack(numbers.Values);
            throw;
        }

        // Of what was taken up the kernel knows already.
        Scan(numbers.Where(pair => !_takenUp.ContainsKey(pair.Value)).ToDictionary());
        return new StagedBinding(binding, persona, numbers.ToImmutableDictionary(), own);
    }

    /// <summary>
    /// Users come, go and get other numbers: watches anew for conditions that name such, also among the processes that
    /// run already. False where there are none.
    /// </summary>
    public bool FollowUsers(IEnumerable<StagedBinding> staged)
    {
        users.Refresh();
        var changed = staged.SelectMany(one => one.Numbers)
            .Where(entry => entry.Key.User is { } user && stages.ChangeUser(entry.Value, UserOf(user)))
            .ToList();
        if (changed.Count > 0)
        {
            Scan(changed);
        }

        return changed.Count > 0;
    }

    /// <summary>These numbers are free.</summary>
    public void End(IEnumerable<int> numbers)
    {
        var mask = numbers.Aggregate(0UL, (sum, number) => sum | (1UL << number));
        if (mask != 0)
        {
            stages.Forget(mask);
        }
    }

    /// <summary>
    /// As if these had not been begun: what was there before this agent is watched for as before.
    /// </summary>
    public void GiveBack(IEnumerable<int> numbers)
    {
        var free = new List<int>();
        foreach (var number in numbers)
        {
            if (_takenUp.Remove(number, out var condition))
            {
                _left.Add(number, condition);
            }
            else
            {
                free.Add(number);
            }
        }

        End(free);
    }

    /// <summary>What nobody has taken up of an agent before is not watched for any more.</summary>
    public void EndLeft()
    {
        End(_left.Keys);
        _left.Clear();
        _takenUp.Clear();
    }

    /// <summary>
    /// Which conditions hold, from each time since <paramref name="since"/> at which that changed, as far as the kernel
    /// tells: of each condition it keeps when it began and ended last; and <paramref name="now"/>.
    /// </summary>
    public IEnumerable<(TimeSpan At, ImmutableHashSet<ProcessCondition> Live)> Read(
        IEnumerable<StagedBinding> staged, TimeSpan since, TimeSpan now)
    {
        var spans = staged.SelectMany(one => one.Numbers).Select(pair => SpanOf(pair.Key, pair.Value)).ToList();
        var changes = spans.SelectMany(span => new[] { span.Began, span.Ended ?? now })
            .Where(at => at >= since && at < now).Append(now).Distinct().Order();
        return changes.Select(at => (at, spans
            .Where(span => span.Began <= at && !(span.Ended <= at))
            .Select(span => span.Condition).ToImmutableHashSet()));
    }

    /// <summary>Until null: it holds still.</summary>
    private (ProcessCondition Condition, TimeSpan Began, TimeSpan? Ended) SpanOf(
        ProcessCondition condition, int number)
    {
        ref readonly var counted = ref stages.State.Condition[number];
        // In this order: what begins again after the look holds, at worst a little early.
        var holds = Volatile.Read(in counted.Live) > 0;
        return (
            condition,
            BootClock.FromNanoseconds(counted.Began),
            holds ? null : BootClock.FromNanoseconds(counted.Ended));
    }

    private int Watch(Binding binding, KernelCondition condition)
    {
        foreach (var (number, left) in _left)
        {
            if (left == condition)
            {
                _left.Remove(number);
                _takenUp.Add(number, left);
                return number;
            }
        }

        return stages.Watch(condition)
            ?? throw new ApplyException(
                "TOO_LARGE",
                $"The trigger of {binding.Persona} has no room: the kernel watches {KernelStages.Capacity} "
                + "conditions.");
    }

    /// <summary>The condition as the kernel asks it; a user without a number here is nobody.</summary>
    private KernelCondition Kernel(Binding binding, ProcessCondition condition)
    {
        var kernel = new KernelCondition(
            condition.ProcessName, condition.ProcessPath,
            condition.User is { } user ? UserOf(user) : null,
            condition.ParentProcess);
        return kernel.Fits
            ? kernel
            : throw new ApplyException(
                "TOO_LARGE", $"The trigger of {binding.Persona} names a path of more than 255 octets.");
    }

    private uint UserOf(string user) => users.IdOf(user)
        ?? (uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : Nobody);

    /// <summary>Those that run already: the kernel is told of those that have not changed meanwhile.</summary>
    private void Scan(IReadOnlyCollection<KeyValuePair<ProcessCondition, int>> numbers)
    {
        foreach (var pid in ProcFiles.Pids().Where(files.InNamespace))
        {
            if (stages.Remember(pid) is not { } serial)
            {
                continue;
            }

            if (files.Read(pid) is not { } process)
            {
                stages.ForgetProcess(pid);
                continue;
            }

            var (conditions, asParent) = (0UL, 0UL);
            foreach (var (condition, number) in numbers)
            {
                conditions |= condition.Matches(process.Image) ? 1UL << number : 0;
                asParent |= condition.IsParent(process.Image) ? 1UL << number : 0;
            }

            if ((conditions | asParent) != 0)
            {
                stages.Adopt(pid, serial, conditions, asParent);
            }
        }
    }
}
