using EbpfPersonas.Agent.Dataplane.Addresses;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// The packet filter of this network namespace: loads it, hangs it on the interfaces, and changes the persona in force
/// as a whole. Safe for several threads.
/// </summary>
public sealed class PersonaDataplane : IDisposable
{
    private readonly Lock _gate = new();
    private readonly BpfObject _filter;
    private readonly GracePeriod _grace = new();
    private readonly PersonaSlots _slots;
    private readonly RuleCounters _ruleCounters;
    private readonly CounterReader _counters;
    private readonly FlowTables _flows;
    private readonly FailsafeTables _failsafe;
    private readonly LocalAddresses _addresses;
    private readonly AttachMode _attach;
    private readonly PersonasInForce _inForce;
    private readonly Succession _succession;
    private InterfaceFilters _interfaces;
    private bool _disposed;

    private PersonaDataplane(BpfObject filter, DataplaneOptions options, Succession succession)
    {
        _filter = filter;
        _succession = succession;
        _ruleCounters = new RuleCounters(filter);
        _slots = new PersonaSlots(filter, _ruleCounters, succession.Adopts, options.BetweenWrites);
        _counters = new CounterReader(filter, _ruleCounters);
        _flows = new FlowTables(filter);
        _failsafe = new FailsafeTables(filter, _grace);
        _addresses = new LocalAddresses(filter);
        _attach = options.Attach;
        _interfaces = new InterfaceFilters(filter, _attach, succession.Links);
        _inForce = new PersonasInForce(filter, _slots, _counters, _gate, _grace, options);
    }

    /// <summary>The loaded filter, for tests.</summary>
    internal BpfObject Filter => _filter;

    /// <summary>Where links are pinned, or null.</summary>
    public string? LinkDirectory => _succession.Links;

    /// <summary>Where the filters hang: each interface, what happened there, and their removal.</summary>
    public InterfaceFilters Interfaces => _interfaces;

    /// <summary>
    /// Raised when <see cref="Interfaces"/> became another one: whoever listens to it has to do so again.
    /// </summary>
    public event Action<InterfaceFilters>? InterfacesRenewed;

    /// <summary>Raised when <see cref="Attach"/> is done.</summary>
    public event Action? FiltersAttached;

    /// <summary>The VM's own addresses, as the filter knows them.</summary>
    public LocalAddresses Addresses => _addresses;

    /// <summary>Raised by <see cref="Attach"/> or <see cref="Apply"/> when our programs replaced others.</summary>
    public event Action<LayoutChange>? LayoutChanged
    {
        add => _succession.Changed += value;
        remove => _succession.Changed -= value;
    }

    /// <summary>
    /// Whether something, be it "no persona", was put in force by an earlier agent and is enforced still: see
    /// <see cref="Realised"/>.
    /// </summary>
    public bool Adopted { get; private set; }

    /// <summary>How the filters hang on the interfaces; Auto until they do.</summary>
    public AttachMode Mode => _interfaces.Mode;

    /// <summary>The persona in force, or null.</summary>
    public ResidentPersona? Current
    {
        get
        {
            lock (_gate)
            {
                return _inForce.Current;
            }
        }
    }

    /// <summary>What is, or was until just now, in a slot, as if it were in force.</summary>
    public RealisedState InSlot(uint slot)
    {
        lock (_gate)
        {
            return _inForce.InSlot(slot);
        }
    }

    /// <summary>Whether what is in force is a staged persona, of this agent or one before it.</summary>
    public bool IsStaged
    {
        get
        {
            lock (_gate)
            {
                return _inForce.IsStaged;
            }
        }
    }

    /// <summary>The number of the last switch. Safe for several threads, and cheap.</summary>
    public uint Epoch => _inForce.Active.Read().Epoch;

    /// <summary>What the kernel puts in force by itself, where processes are traced.</summary>
    public KernelStages Stages => _inForce.Stages;

    /// <summary>What is in force.</summary>
    public RealisedState Realised
    {
        get
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _succession.Elsewhere ?? _inForce.Realised;
            }
        }
    }

    /// <summary>
    /// Loads the filter. With no persona active and nothing attached; where maps are pinned, with what is in force
    /// there. Throws <see cref="BpfException"/>, and <see cref="IOException"/> where another agent has the pins.
    /// </summary>
    public static PersonaDataplane Load(DataplaneOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.RejectRate, 1_000_000_000u);
        var filter = BpfImages.OpenFilter(options);
        Succession? succession = null;
        PersonaDataplane? dataplane = null;
        try
        {
            succession = Succession.Begin(options, filter);
            filter.Load();
            FlowTables.StartExpiry(filter);
            dataplane = new PersonaDataplane(filter, options, succession);
            dataplane.GoOn(options.Known);
            return dataplane;
        }
        catch
        {
            dataplane?.Dispose();
            succession?.Dispose();
            filter.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Hangs the filters on every interface of this network namespace but loopback, and from now on on those that
    /// appear. Gives how; throws <see cref="BpfException"/>. Where the programs of another agent version enforce a
    /// persona that is not known here, they go on, and the first <see cref="Apply"/> hangs ours in their place.
    /// </summary>
    public AttachMode Attach()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _addresses.Start();
            var mode = _succession.Attach(_interfaces);
            FiltersAttached?.Invoke();
            return mode;
        }
    }

    /// <summary>
    /// Takes the filters off every interface, and leaves new ones without; <see cref="Attach"/> undoes it.
    /// </summary>
    public void Detach()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _interfaces.Detach();
            _interfaces = new InterfaceFilters(_filter, _attach, _succession.Links);
        }

        InterfacesRenewed?.Invoke(_interfaces);
    }

    /// <summary>
    /// Takes the filters off and deletes all that is pinned: nothing is left for an agent to come. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public void Remove()
    {
        Detach();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _succession.Remove();
        }
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
    /// Puts <paramref name="persona"/> (null = none) in force as generation <paramref name="generation"/>, and nothing
    /// else. When it returns, every packet is judged by it; when it throws <see cref="ApplyException"/>, everything is
    /// as it was.
    /// </summary>
    public RealisedState Apply(ulong generation, Persona? persona) =>
        Arrange(new Arrangement { Generation = generation, Floor = persona });

    /// <summary>
    /// Makes all personas of <paramref name="arrangement"/> resident, and in force the one that is to be. When it
    /// throws <see cref="ApplyException"/>, everything is as it was.
    /// </summary>
    public RealisedState Arrange(Arrangement arrangement)
    {
        ArgumentNullException.ThrowIfNull(arrangement);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _inForce.Arrange(
                arrangement, _succession.Elsewhere is null ? null : floor => TakeOver(floor, arrangement.Generation));
            return Realised;
        }
    }

    /// <summary>The staged personas are candidates at other times.</summary>
    public void Arm(Arming arming)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _inForce.Arm(arming);
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
        var compiled = _inForce.Residents.Compile(persona);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _inForce.Residents.Publish(persona, compiled, generation);
        }
    }

    /// <summary>Makes a published persona (null = none) active and gives the new epoch.</summary>
    public uint SwitchTo(ResidentPersona? resident)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _inForce.SwitchTo(resident);
        }
    }

    /// <summary>Everything counted so far.</summary>
    public DataplaneCounters ReadCounters()
    {
        var flows = _flows.Count();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var (verdicts, rules) = _counters.Read(_inForce.Residents.Counting);
            return new DataplaneCounters
            {
                Verdicts = verdicts,
                Rules = rules,
                Shadows = _counters.ReadShadows(_inForce.Residents.Counting),
                ConntrackEntries = flows.Confirmed + flows.New,
                MapUtilization = new Dictionary<string, double>(_slots.Utilization)
                {
                    ["flows"] = (double)flows.Confirmed / _flows.Capacity,
                    ["new_flows"] = (double)flows.New / _flows.NewCapacity,
                },
            };
        }
    }

    /// <summary>Detaches and unloads; what is pinned goes on without us.</summary>
    public void Dispose()
    {
        _interfaces.Dispose();
        _addresses.Dispose();
        Task reclaiming;
        lock (_gate)
        {
            _disposed = true;
            reclaiming = _inForce.Residents.Stop();
        }

        reclaiming.Wait();
        _flows.Dispose();
        lock (_gate)
        {
            _failsafe.Dispose();
            _slots.Dispose();
            _ruleCounters.Dispose();
            _inForce.Dispose();
            _grace.Dispose();
            _filter.Dispose();
            _succession.Dispose();
        }
    }

    /// <summary>Begins with what is in force in pinned maps, ours or others.</summary>
    private void GoOn(IReadOnlyList<Persona> known)
    {
        if (_succession.Adopts)
        {
            Adopt(known);
        }
        else
        {
            _succession.Prepare(_inForce.Active, state => Rebuild(state, known), _inForce.PutInForce);
            Adopted = _succession.Elsewhere is not null;
        }
    }

    private void Adopt(IReadOnlyList<Persona> known)
    {
        Adopted = _inForce.Adopt(known, _succession.EpochElsewhere);

        // Programs may still see what retired in the last moments of the agent before.
        _grace.Wait();
    }

    /// <summary>Writes what is in force in other maps into ours; null where it is not known well enough.</summary>
    private (ResidentPersona? Resident, ulong Generation)? Rebuild(RealisedState state, IReadOnlyList<Persona> known)
    {
        if (state.Persona is null)
        {
            return (null, state.Generation);
        }

        try
        {
            return known.FirstOrDefault(one => one.Name == state.Persona && one.Revision == state.Revision) is { } found
                ? (Publish(found, state.Generation), state.Generation)
                : null;
        }
        catch (Exception e) when (e is ApplyException or PersonaTooLargeException)
        {
            return null;
        }
    }

    /// <summary>In place of what the programs of another agent version enforce.</summary>
    private void TakeOver(ResidentPersona? resident, ulong generation)
    {
        if (_succession.Heir?.Resident is { } unused)
        {
            // No program has seen it.
            _inForce.Residents.Discard(unused);
        }

        ApplyException.Guard(() =>
        {
            _succession.Apply(_interfaces, resident, generation);
            return true;
        });
    }
}
