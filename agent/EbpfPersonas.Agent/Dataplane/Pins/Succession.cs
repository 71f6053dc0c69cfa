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
    private PinnedLayout? _waitingFor;
    private bool _attachWhenApplied;

    private Succession(LayoutPins? pins) => _pins = pins;

    /// <summary>Our programs took the place of others.</summary>
    public event Action<LayoutChange>? Changed;

    /// <summary>Where links are pinned, or null.</summary>
    public string? Links => _pins?.Links;

    /// <summary>The filter's maps are those of the agent before.</summary>
    public bool Adopts => _pins is { Adopts: true };

    /// <summary>The last switch that other maps than ours know.</summary>
    public uint EpochElsewhere => _pins?.EpochElsewhere ?? 0;

    /// <summary>Something was in force in other maps when we began.</summary>
    public bool FoundElsewhere { get; private set; }

    /// <summary>
    /// What goes on being enforced by the programs of another agent version until something is applied here; null where
    /// our maps say what is in force.
    /// </summary>
    public RealisedState? Elsewhere => _waitingFor is { } other
        ? other.State ?? new RealisedState(0, other.Epoch, null, 0)
        : null;

    /// <summary>
    /// For <paramref name="filter"/> before it is loaded; throws <see cref="BpfException"/>, and
    /// <see cref="IOException"/> where another agent has the folder.
    /// </summary>
    public static Succession Begin(DataplaneOptions options, BpfObject filter) => new(
        options.PinDirectory is { } directory ? LayoutPins.Take(directory, filter, options.BetweenWrites) : null);

    /// <summary>
    /// With new maps: pins them, and has <paramref name="rebuild"/> put in force there what is in force elsewhere, if
    /// it can.
    /// </summary>
    public void Prepare(ActiveWord active, Func<RealisedState, bool> rebuild)
    {
        if (_pins is null or { Adopts: true })
        {
            return;
        }

        _pins.Prepare();
        active.StartFrom(_pins.EpochElsewhere);
        if (_pins.Before is { } before && before.State is not { Epoch: 0 })
        {
            FoundElsewhere = true;
            _pins.CarryTables();
            if (before.State is null || !rebuild(before.State))
            {
                _waitingFor = before;
                return;
            }
        }

        _pins.Publish();
    }

    /// <summary>
    /// Hangs the filters on the interfaces, or leaves it to <see cref="Applied"/>; throws <see cref="BpfException"/>.
    /// </summary>
    public AttachMode Attach(InterfaceFilters filters)
    {
        if (_waitingFor is not null)
        {
            _attachWhenApplied = true;
            return filters.Mode;
        }

        if (_pins is null)
        {
            return filters.Start();
        }

        var (mode, change) = _pins.TakeOver(filters.Start);
        if (change is not null)
        {
            Changed?.Invoke(change);
        }

        return mode;
    }

    /// <summary>Something is in force in our maps; throws <see cref="BpfException"/>.</summary>
    public void Applied(InterfaceFilters filters)
    {
        if (_waitingFor is not { } waitingFor)
        {
            return;
        }

        _pins!.Publish();
        _waitingFor = null;
        try
        {
            if (_attachWhenApplied)
            {
                Attach(filters);
            }
        }
        catch
        {
            _waitingFor = waitingFor;
            throw;
        }
    }

    /// <summary>Deletes all that is pinned.</summary>
    public void Remove() => _pins?.RemoveAll();

    /// <inheritdoc/>
    public void Dispose() => _pins?.Dispose();
}
