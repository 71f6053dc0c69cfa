using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// How an agent follows the one before it: by its maps, where the layout is the same, else by maps of its own, in which
/// the same is in force before its programs take the place of the others. Without a folder for pins nobody was before
/// and nobody comes after.
/// </summary>
internal sealed class Succession : IDisposable
{
    private readonly LayoutPins? _pins;
    private PinnedLayout? _before;
    private Action<ResidentPersona?, ulong>? _putInForce;
    private bool _attachWhenReady;

    private Succession(LayoutPins? pins) => _pins = pins;

    /// <summary>Our programs took the place of others.</summary>
    public event Action<LayoutChange>? Changed;

    /// <summary>Where links are pinned, or null.</summary>
    public string? Links => _pins?.Links;

    /// <summary>The filter's maps are those of the agent before.</summary>
    public bool Adopts => _pins is { Adopts: true };

    /// <summary>The last switch that other maps than ours know.</summary>
    public uint EpochElsewhere => _pins?.EpochElsewhere ?? 0;

    /// <summary>
    /// What the programs of another agent version enforce until ours take their place; null where our maps say what is
    /// in force.
    /// </summary>
    public RealisedState? Elsewhere => _before is { } other
        ? other.State ?? new RealisedState(0, other.Epoch, null, 0)
        : null;

    /// <summary>
    /// What is written in our maps, and will be in force when ours take the place of others: a persona or none, and the
    /// generation. Null where there is nothing to put in their place.
    /// </summary>
    public (ResidentPersona? Resident, ulong Generation)? Heir { get; private set; }

    /// <summary>
    /// For <paramref name="filter"/> before it is loaded; throws <see cref="BpfException"/>, and
    /// <see cref="IOException"/> where another agent has the folder.
    /// </summary>
    public static Succession Begin(DataplaneOptions options, BpfObject filter) => new(
        options.PinDirectory is { } directory ? LayoutPins.Take(options, directory, filter) : null);

    /// <summary>
    /// With new maps: pins them, and has <paramref name="rebuild"/> write what is in force elsewhere, if it can;
    /// <paramref name="putInForce"/> will make it active.
    /// </summary>
    public void Prepare(
        ActiveWord active,
        Func<RealisedState, (ResidentPersona? Resident, ulong Generation)?> rebuild,
        Action<ResidentPersona?, ulong> putInForce)
    {
        _putInForce = putInForce;
        if (_pins is null or { Adopts: true })
        {
            return;
        }

        _pins.Prepare();
        active.StartFrom(_pins.EpochElsewhere);
        if (_pins.Before is { } before && before.State is not { Epoch: 0 })
        {
            _pins.CarryTables();
            _before = before;
            Heir = before.State is null ? null : rebuild(before.State);
        }
        else
        {
            _pins.Publish();
        }
    }

    /// <summary>
    /// Hangs the filters on the interfaces. Where others are in their place and there is no <see cref="Heir"/>, it is
    /// left to <see cref="Apply"/>. Throws <see cref="BpfException"/>.
    /// </summary>
    public AttachMode Attach(InterfaceFilters filters)
    {
        if (_before is not null && Heir is null)
        {
            _attachWhenReady = true;
            return filters.Mode;
        }

        if (_pins is null)
        {
            return filters.Start();
        }

        var (mode, change) = _pins.TakeOver(filters.Start, PutInForce);
        _before = null;
        if (change is not null)
        {
            Changed?.Invoke(change);
        }

        return mode;
    }

    /// <summary>This takes the place of what others enforce; throws <see cref="BpfException"/>.</summary>
    public void Apply(InterfaceFilters filters, ResidentPersona? resident, ulong generation)
    {
        Heir = (resident, generation);
        if (_attachWhenReady)
        {
            Attach(filters);
            return;
        }

        PutInForce();
        _pins!.Publish();
        _pins.Forget();
        _before = null;
    }

    /// <summary>Deletes all that is pinned.</summary>
    public void Remove() => _pins?.RemoveAll();

    /// <inheritdoc/>
    public void Dispose() => _pins?.Dispose();

    private void PutInForce()
    {
        if (Heir is { } heir)
        {
            Heir = null;
            _putInForce!(heir.Resident, heir.Generation);
        }
    }
}
