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
            End(numbers.Values);
            throw;
        }

        Scan(numbers);
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

    /// <summary>
    /// Begins to watch for those of <paramref name="conditions"/> that the kernel can compare and has room for, also
    /// among the processes that run already.
    /// </summary>
    public IReadOnlyDictionary<ProcessCondition, int> Begin(IEnumerable<ProcessCondition> conditions)
    {
        var numbers = new Dictionary<ProcessCondition, int>();
        foreach (var condition in conditions)
        {
            if (Kernel(condition) is { Fits: true } kernel && stages.Watch(kernel) is { } number)
            {
                numbers.Add(condition, number);
            }
        }

        Scan(numbers);
        return numbers;
    }

    /// <summary>How many conditions more the kernel can count.</summary>
    public int Room => KernelStages.Capacity - stages.Watched.Count();

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

    private int Watch(Binding binding, KernelCondition condition) => stages.Watch(condition)
        ?? throw new ApplyException(
            "TOO_LARGE",
            $"The trigger of {binding.Persona} has no room: the kernel watches {KernelStages.Capacity} conditions.");

    /// <summary>The condition as the kernel asks it; a user without a number here is nobody.</summary>
    private KernelCondition Kernel(Binding binding, ProcessCondition condition) =>
        Kernel(condition) is { Fits: true } kernel
            ? kernel
            : throw new ApplyException(
                "TOO_LARGE", $"The trigger of {binding.Persona} names a path of more than 255 octets.");

    private KernelCondition Kernel(ProcessCondition condition) => new(
        condition.ProcessName, condition.ProcessPath,
        condition.User is { } user ? UserOf(user) : null,
        condition.ParentProcess);

    private uint UserOf(string user) => users.IdOf(user)
        ?? (uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : Nobody);

    /// <summary>Those that run already: the kernel is told of those that have not changed meanwhile.</summary>
    private void Scan(IReadOnlyCollection<KeyValuePair<ProcessCondition, int>> numbers)
    {
        if (numbers.Count == 0)
        {
            return;
        }

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
