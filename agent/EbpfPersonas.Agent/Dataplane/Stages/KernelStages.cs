using System.Numerics;
using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>
/// What the kernel puts in force by itself: the conditions that it watches, and the table that says whose persona goes
/// before whose. The programs of bpf/src/process.bpf.c read it at exec, fork and exit. Not for several threads at
/// once, but for <see cref="Remember"/> and <see cref="ForgetProcess"/>.
/// </summary>
public sealed class KernelStages : IDisposable
{
    /// <summary>Conditions that can be watched at once.</summary>
    public const int Capacity = StageTable.ConditionCount;

    private readonly BpfObject _filter;
    private readonly GracePeriod _grace;
    private readonly MemoryMap _tables;
    private readonly MemoryMap _inUse;
    private readonly MemoryMap _state;
    private readonly MemoryMap _masks;
    private readonly ConditionTexts _names;
    private readonly ConditionTexts _paths;
    private readonly ConditionTexts _parents;
    private readonly ConditionKeys<uint> _users;
    private readonly Action _betweenWrites;
    private readonly KernelCondition?[] _conditions = new KernelCondition?[Capacity];

    /// <summary>Those that an earlier agent left, and of them those that nobody has asked for again.</summary>
    private ulong _inherited;
    private ulong _left;

    /// <summary>For each table: ends when no program reads it, unless it is the one in use.</summary>
    private readonly Task[] _unread;

    /// <summary>The last of them; they wait one after the other, as each keeps a thread.</summary>
    private Task _waiting = Task.CompletedTask;

    /// <summary>
    /// Takes the maps and programs of the loaded <paramref name="filter"/>, borrowed as <paramref name="grace"/>;
    /// <paramref name="betweenWrites"/> is called between two writes.
    /// </summary>
    public KernelStages(BpfObject filter, GracePeriod grace, Action betweenWrites)
    {
        ArgumentNullException.ThrowIfNull(filter);
        (_filter, _grace, _betweenWrites) = (filter, grace, betweenWrites);
        _tables = filter.Map("stages").MapMemory();
        _unread = new Task[filter.Map("stages").MaxEntries];
        Array.Fill(_unread, Task.CompletedTask);
        _inUse = filter.Map("stages_in_use").MapMemory();
        _state = filter.Map("activation").MapMemory();
        _masks = filter.Map("condition_masks").MapMemory();
        _names = new ConditionTexts(filter.Map("condition_names"), () => ref Masks.Names);
        _paths = new ConditionTexts(filter.Map("condition_paths"), () => ref Masks.Paths);
        _parents = new ConditionTexts(filter.Map("condition_parents"), () => ref Masks.Parents);
        _users = new ConditionKeys<uint>(filter.Map("condition_users"));
        for (var number = 0; number < Capacity; number++)
        {
            _conditions[number] = IsIn(Masks.Used, number) ? ReadCondition(number) : null;
        }

        _left = _inherited = Masks.Used;
    }

    /// <summary>The conditions that are watched, by number: also those that an earlier agent left.</summary>
    public IEnumerable<(int Number, KernelCondition Condition)> Watched =>
        from entry in _conditions.Select((condition, number) => (number, condition))
        where entry.condition is not null
        select (entry.number, entry.condition!.Value);

    /// <summary>What became of the conditions; each field of one moment, all of them not.</summary>
    public ref readonly ActivationState State => ref _state.Values<ActivationState>()[0];

    /// <summary>The table in force.</summary>
    public ref readonly StageTable Table => ref _tables.Values<StageTable>()[(int)InUse];

    private ulong InUse => Volatile.Read(ref _inUse.Values<ulong>()[0]);

    private ref ConditionMasks Masks => ref _masks.Values<ConditionMasks>()[0];

    /// <summary>
    /// From now on the kernel counts the processes that begin and for which <paramref name="condition"/> holds, under
    /// the number that this gives; null where all numbers are taken. Those that run already are for
    /// <see cref="Adopt"/>. What an earlier agent has it count already goes on under its number.
    /// </summary>
    public int? Watch(KernelCondition condition)
    {
        for (var left = _left; left != 0; left &= left - 1)
        {
            var found = BitOperations.TrailingZeroCount(left);
            if (_conditions[found] == condition)
            {
                _left &= ~(1UL << found);
                return found;
            }
        }

        var number = Array.IndexOf(_conditions, null);
        if (number < 0)
        {
            return null;
        }

        // Nobody counts there: what was is that of a condition that had the number before.
        _state.Values<ActivationState>()[0].Condition[number] = default;

        // All that is said of it comes before the bit that makes it count.
        var bit = 1UL << number;
        _conditions[number] = condition;
        Say(bit, condition.Name, _names, ref Masks.AnyName);
        Say(bit, condition.Path, _paths, ref Masks.AnyPath);
        Say(bit, condition.Parent, _parents, ref Masks.AnyParent);
        if (condition.User is { } user)
        {
            _users.Add(user, bit);
            Clear(ref Masks.AnyUser, bit);
        }
        else
        {
            Set(ref Masks.AnyUser, bit);
        }

        Set(ref Masks.Used, bit);
        return number;
    }

    /// <summary>
    /// These conditions hold for nobody any more, and their numbers are free; no table names them. Waits for programs
    /// that still see them.
    /// </summary>
    public void Forget(ulong conditions)
    {
        // The table that an earlier agent left may speak of these.
        _left |= conditions & _inherited;
        conditions &= ~_inherited;
        if (conditions == 0)
        {
            return;
        }

        EndAll(conditions);
        for (var left = conditions; left != 0; left &= left - 1)
        {
            var number = BitOperations.TrailingZeroCount(left);
            if (_conditions[number] is { } condition)
            {
                Unsay(1UL << number, condition);
                _conditions[number] = null;
            }
        }

        Unlatch(conditions);
    }

    /// <summary>
    /// A condition asks for another user from now on, and holds for nobody before its processes are named to
    /// <see cref="Adopt"/>. False where it asks for that one already.
    /// </summary>
    public bool ChangeUser(int number, uint user)
    {
        if (_conditions[number] is not { User: { } before } condition || before == user)
        {
            return false;
        }

        var bit = 1UL << number;
        EndAll(bit);
        _users.Remove(before, bit);
        _users.Add(user, bit);
        _conditions[number] = condition with { User = user };
        Set(ref Masks.Used, bit);
        return true;
    }

    /// <summary>
    /// As <see cref="Forget"/>, of what an earlier agent left and this one has not asked for; its table is not in force
    /// any more.
    /// </summary>
    public void ForgetLeft()
    {
        var left = _left;
        _left = _inherited = 0;
        Forget(left);
    }

    /// <summary>
    /// Gives a process that may have begun unseen a place in the kernel's table, and the serial of its image; null
    /// where there is no room. Its image is to be read after this, and named with the serial to <see cref="Adopt"/>.
    /// </summary>
    public uint? Remember(uint pid)
    {
        var request = new ProcessRequest { Pid = pid };
        return Call("remember_process", ref request) == 0 ? request.Serial : null;
    }

    /// <summary>Undoes <see cref="Remember"/>, for a process that is not one of those that count.</summary>
    public void ForgetProcess(uint pid) => _filter.Map("processes").Delete(pid);

    /// <summary>
    /// These conditions hold for a process that runs already; <paramref name="asParent"/> name it as the parent of
    /// theirs. False where it has another image by now, of which the kernel itself knows what holds.
    /// </summary>
    public bool Adopt(uint pid, uint serial, ulong conditions, ulong asParent)
    {
        var request = new ProcessRequest
        {
            Pid = pid,
            Serial = serial,
            Conditions = conditions,
            AsParent = asParent,
        };
        return Call("adopt_process", ref request) == 0;
    }

    /// <summary>
    /// Puts <paramref name="table"/> in the place of the one in force, and in force what it and the conditions say;
    /// gives the epoch of the switch, or 0 where none was needed. The slots of the table before may be used again after
    /// a grace period.
    /// </summary>
    public uint Publish(in StageTable table)
    {
        var before = InUse;
        ref var inForce = ref _tables.Values<StageTable>()[(int)before];
        if (IsSameButFloor(inForce, table))
        {
            // One word, which a program reads once: whoever read the old one looks again after the switch.
            Volatile.Write(ref inForce.FloorSlot, table.FloorSlot);
            _betweenWrites();
            return Settle();
        }

        var next = (before + 1) % (ulong)_unread.Length;
        _unread[next].Wait();
        _tables.Values<StageTable>()[(int)next] = table;
        _betweenWrites();
        Volatile.Write(ref _inUse.Values<ulong>()[0], next);
        _betweenWrites();
        _unread[before] = _waiting = _waiting.ContinueWith(
            _ => _grace.Wait(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        LatchLive(table);
        return Settle();
    }

    /// <summary>
    /// Makes candidates of what is to end by <see cref="Unlatch"/>; to be followed by <see cref="Settle"/>.
    /// </summary>
    public void Latch(ulong conditions) =>
        Interlocked.Or(ref _state.Values<ActivationState>()[0].Latched, conditions);

    /// <summary>Ends candidates that do not end by themselves; to be followed by <see cref="Settle"/>.</summary>
    public void Unlatch(ulong conditions) =>
        Interlocked.And(ref _state.Values<ActivationState>()[0].Latched, ~conditions);

    /// <summary>Puts in force what the table and the conditions say; gives the epoch of the switch, or 0.</summary>
    public uint Settle()
    {
        var request = default(ProcessRequest);
        Call("settle_stages", ref request);
        return request.Serial;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _waiting.Wait();
        _tables.Dispose();
        _inUse.Dispose();
        _state.Dispose();
        _masks.Dispose();
    }

    /// <summary>They begin to hold no more, and end to hold for those for which they do.</summary>
    private void EndAll(ulong conditions)
    {
        Clear(ref Masks.Used, conditions);
        _grace.Wait();
        var request = new ProcessRequest { Conditions = conditions };
        Call("forget_conditions", ref request);
    }

    private static bool IsSameButFloor(in StageTable one, in StageTable other)
    {
        var same = one;
        same.FloorSlot = other.FloorSlot;
        return Octets(same).SequenceEqual(Octets(other));
    }

    private static ReadOnlySpan<byte> Octets(in StageTable table) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<StageTable>(in table));

    private KernelCondition ReadCondition(int number) => new(
        IsIn(Masks.AnyName, number) ? null : _names.TextOf(number),
        IsIn(Masks.AnyPath, number) ? null : _paths.TextOf(number),
        IsIn(Masks.AnyUser, number) ? null : _users.KeyOf(number),
        IsIn(Masks.AnyParent, number) ? null : _parents.TextOf(number));

    private static bool IsIn(ulong mask, int number) => (mask & (1UL << number)) != 0;

    /// <summary>What holds already when it is armed did not begin under this table.</summary>
    private void LatchLive(in StageTable table)
    {
        ref var state = ref _state.Values<ActivationState>()[0];
        for (var left = table.Armed & table.Latching; left != 0; left &= left - 1)
        {
            var number = BitOperations.TrailingZeroCount(left);
            if (Volatile.Read(ref state.Condition[number].Live) > 0)
            {
                Interlocked.Or(ref state.Latched, 1UL << number);
            }
        }
    }

    private static void Say(ulong bit, string? text, ConditionTexts texts, ref ulong any)
    {
        if (text is null)
        {
            Set(ref any, bit);
        }
        else
        {
            texts.Add(text, bit);
            Clear(ref any, bit);
        }
    }

    private void Unsay(ulong bit, KernelCondition condition)
    {
        if (condition.Name is { } name)
        {
            _names.Remove(name, bit);
        }

        if (condition.Path is { } path)
        {
            _paths.Remove(path, bit);
        }

        if (condition.Parent is { } parent)
        {
            _parents.Remove(parent, bit);
        }

        if (condition.User is { } user)
        {
            _users.Remove(user, bit);
        }
    }

    private static void Set(ref ulong mask, ulong bits) => Volatile.Write(ref mask, mask | bits);

    private static void Clear(ref ulong mask, ulong bits) => Volatile.Write(ref mask, mask & ~bits);

    private int Call(string program, ref ProcessRequest request) => _filter.Program(program).Call(ref request);
}
