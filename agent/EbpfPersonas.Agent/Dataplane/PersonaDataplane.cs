using EbpfPersonas.Agent.Dataplane.Addresses;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// The packet filter of this network namespace: loads it, hangs it on the interfaces, and changes the persona in force
/// as a whole. Safe for several threads.
/// </summary>
public sealed class PersonaDataplane : IDataplane, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _flowWalk = new();
    private readonly BpfObject _filter;
    private readonly GracePeriod _grace = new();
    private readonly ActiveWord _active;
    private readonly PersonaSlots _slots;
    private readonly RuleCounters _ruleCounters;
    private readonly CounterReader _counters;
    private readonly KernelJudge _judge;
    private readonly FlowTables _flows;
    private readonly FailsafeTables _failsafe;
    private readonly InterfaceFilters _interfaces;
    private readonly LocalAddresses _addresses;
    private readonly Func<Persona, int, CompiledPersona> _compiler;
    private readonly List<ResidentPersona> _residents = [];
    private readonly List<ResidentPersona> _retired = [];
    private ResidentPersona? _current;
    private Task _reclaiming = Task.CompletedTask;
    private ulong _generation;
    private bool _disposed;

    private PersonaDataplane(BpfObject filter, DataplaneOptions options)
    {
        _filter = filter;
        _active = new ActiveWord(filter.Map("active"));
        _ruleCounters = new RuleCounters(filter);
        _slots = new PersonaSlots(filter, _ruleCounters);
        _counters = new CounterReader(filter, _ruleCounters);
        _judge = new KernelJudge(filter);
        _flows = new FlowTables(filter);
        _failsafe = new FailsafeTables(filter, _grace);
        _interfaces = new InterfaceFilters(filter, options.Attach, options.LinkDirectory);
        _addresses = new LocalAddresses(filter);
        _compiler = options.Compiler;
    }

    /// <summary>The loaded filter, for tests.</summary>
    internal BpfObject Filter => _filter;

    /// <summary>Where the filters hang: each interface, what happened there, and their removal.</summary>
    public InterfaceFilters Interfaces => _interfaces;

    /// <summary>Raised when the VM's own addresses cannot be followed; it is tried again every second.</summary>
    public event Action<BpfException>? AddressesUnknown
    {
        add => _addresses.Failed += value;
        remove => _addresses.Failed -= value;
    }

    /// <summary>How the filters hang on the interfaces; Auto until they do.</summary>
    public AttachMode Mode => _interfaces.Mode;

    /// <summary>The persona in force, or null.</summary>
    public ResidentPersona? Current => _current;

    /// <summary>What is in force.</summary>
    public RealisedState Realised
    {
        get
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return new RealisedState(_generation, _active.Read().Epoch, _current?.Name, _current?.Revision ?? 0);
            }
        }
    }

    /// <summary>
    /// Loads the filter, with no persona active and nothing attached; throws <see cref="BpfException"/>.
    /// </summary>
    public static PersonaDataplane Load(DataplaneOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.RejectRate, 1_000_000_000u);
        var filter = BpfObject.Open(options.FilterImage is { } image ? image.Span : BpfImages.Filter(), "filter");
        try
        {
            FlowTables.Configure(filter, options.Conntrack);
            filter.Map("policy_lines").MaxEntries = (uint)options.LineCapacity + PersonaSlots.NoPersonaLines;
            RuleCounters.Size(filter, (uint)options.RuleCapacity);
            filter.SetConstant("reject_rate", options.RejectRate);
            filter.SetConstant("reject_burst", options.RejectBurst);
            filter.Load();
            FlowTables.StartExpiry(filter);
            return new PersonaDataplane(filter, options);
        }
        catch
        {
            filter.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Hangs the filters on every interface of this network namespace but loopback, and from now on on those that
    /// appear. Gives how; throws <see cref="BpfException"/>.
    /// </summary>
    public AttachMode Attach()
    {
        _addresses.Start();
        return _interfaces.Start();
    }

    /// <summary>Replaces the flows that pass before any persona is asked.</summary>
    public void SetFailsafe(IReadOnlyList<FailsafeFlow> flows)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _failsafe.Replace(flows);
        }
    }

    /// <summary>
    /// Puts <paramref name="persona"/> (null = none) in force as generation <paramref name="generation"/>. When it
    /// returns, every packet is judged by it; when it throws <see cref="ApplyException"/>, everything is as it was.
    /// </summary>
    public RealisedState Apply(ulong generation, Persona? persona)
    {
        lock (_gate)
        {
            var before = _current;
            SwitchTo(persona is null ? null : PublishOrRefuse(persona, generation));
            _generation = generation;
            if (before is not null)
            {
                Retire(before);
            }

            return Realised;
        }
    }

    /// <summary>
    /// Writes <paramref name="persona"/> beside what is there, not active: compiled, held against the meaning of its
    /// rules, and tested in the kernel by its own tests. Throws <see cref="PersonaTooLargeException"/>,
    /// <see cref="ApplyException"/> or <see cref="BpfException"/>, and then nothing was taken.
    /// </summary>
    public ResidentPersona Publish(Persona persona, ulong generation)
    {
        ArgumentNullException.ThrowIfNull(persona);
        var compiled = _compiler(persona, _slots.LineCapacity);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var resident = TakeRoom(compiled, persona.Revision, generation);
            try
            {
                _judge.RunTests(persona, resident);
            }
            catch
            {
                // No program but the judge has seen the slot: its room is free at once.
                _slots.Free(resident);
                throw;
            }

            _residents.Add(resident);
            return resident;
        }
    }

    /// <summary>Makes a published persona (null = none) active and gives the new epoch.</summary>
    public uint SwitchTo(ResidentPersona? resident)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _current = resident;
            return _active.Switch(resident?.Slot ?? PersonaSlots.NoPersona);
        }
    }

    /// <summary>Everything counted so far.</summary>
    public DataplaneCounters ReadCounters()
    {
        var flows = CountFlows();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var (verdicts, rules) = _counters.Read(_residents.Concat(_retired));
            return new DataplaneCounters
            {
                Verdicts = verdicts,
                Rules = rules,
                ConntrackEntries = flows.Confirmed + flows.New,
                MapUtilization = new Dictionary<string, double>(_slots.Utilization)
                {
                    ["flows"] = (double)flows.Confirmed / _flows.Capacity,
                    ["new_flows"] = (double)flows.New / _flows.NewCapacity,
                },
            };
        }
    }

    /// <summary>Detaches and unloads.</summary>
    public void Dispose()
    {
        _interfaces.Dispose();
        _addresses.Dispose();
        Task reclaiming;
        lock (_gate)
        {
            _disposed = true;
            reclaiming = _reclaiming;
        }

        reclaiming.Wait();
        lock (_flowWalk)
        {
            lock (_gate)
            {
                _failsafe.Dispose();
                _slots.Dispose();
                _ruleCounters.Dispose();
                _active.Dispose();
                _grace.Dispose();
                _filter.Dispose();
            }
        }
    }

    private ResidentPersona TakeRoom(CompiledPersona compiled, ulong revision, ulong generation)
    {
        if (_slots.TryPublish(compiled, revision, generation) is { } resident)
        {
            return resident;
        }

        // Retired personas may hold the room that is missing.
        ReclaimRetired();
        return _slots.TryPublish(compiled, revision, generation)
            ?? throw new PersonaTooLargeException(_slots.Shortage(compiled));
    }

    private ResidentPersona PublishOrRefuse(Persona persona, ulong generation)
    {
        try
        {
            return Publish(persona, generation);
        }
        catch (PersonaTooLargeException e)
        {
            throw new ApplyException("TOO_LARGE", e.Message, e);
        }
        catch (BpfException e)
        {
            throw new ApplyException("KERNEL", e.Message, e);
        }
    }

    /// <summary>
    /// A walk over tens of thousands of flows must not keep a switch waiting: it has a lock of its own.
    /// </summary>
    private (long Confirmed, long New) CountFlows()
    {
        lock (_flowWalk)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _flows.Count();
        }
    }

    /// <summary>
    /// A persona that is not active any more; its room comes back later, off the way of whoever switches.
    /// </summary>
    private void Retire(ResidentPersona resident)
    {
        _residents.Remove(resident);
        _retired.Add(resident);
        if (_reclaiming.IsCompleted)
        {
            _reclaiming = Task.Run(ReclaimInBackground);
        }
    }

    /// <summary>Waits for programs without holding up whoever switches, and takes back one persona at a time.</summary>
    private void ReclaimInBackground()
    {
        try
        {
            while (Retired() is { Length: > 0 } batch)
            {
                _grace.Wait();
                foreach (var resident in batch)
                {
                    lock (_gate)
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
    private ResidentPersona[] Retired()
    {
        lock (_gate)
        {
            return _disposed ? [] : [.. _retired];
        }
    }

    private void ReclaimRetired()
    {
        if (_retired.Count > 0)
        {
            _grace.Wait();
        }

        while (_retired.Count > 0)
        {
            Reclaim(_retired[^1]);
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
            _counters.Keep(resident);
            _retired.RemoveAt(index);
            _slots.Free(resident);
        }
    }
}
