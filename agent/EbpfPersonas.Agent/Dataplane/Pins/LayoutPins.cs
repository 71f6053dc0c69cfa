using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// The folder in which the maps of one VM outlive the agent: a folder for each layout, which is whole or not there at
/// all. Only one agent has it at a time.
/// </summary>
internal sealed class LayoutPins : IDisposable
{
    // What begins so was in the making, or on its way out, when an agent was killed. BPF file systems know no dots.
    private const string Unfinished = "new-";
    private const string Outgoing = "old-";

    private readonly PinFolder _folder;
    private readonly BpfObject _filter;
    private readonly DataplaneOptions _options;
    private readonly List<PinnedLayout> _others = [];
    private bool _unpublished;

    private LayoutPins(PinFolder folder, BpfObject filter, DataplaneOptions options)
    {
        (_folder, _filter, _options) = (folder, filter, options);
        Name = MapLayout.NameOf(filter);
    }

    /// <summary>Where links are pinned.</summary>
    public string Links => LinksIn(_folder.Path);

    /// <summary>The layout of our own maps.</summary>
    public string Name { get; }

    /// <summary>The maps that were there are ours now, with the persona in force.</summary>
    public bool Adopts { get; private set; }

    /// <summary>Maps of another layout, that ours are to take over from; null where there are none.</summary>
    public PinnedLayout? Before { get; private set; }

    /// <summary>The last switch that other maps than ours know.</summary>
    public uint EpochElsewhere => _others.Select(other => other.Epoch).DefaultIfEmpty().Aggregate(Later);

    /// <summary>Where links are pinned, in the folder of a VM's pins.</summary>
    public static string LinksIn(string directory) => Path.Join(directory, "links");

    /// <summary>
    /// Takes the folder and has <paramref name="filter"/>, which is not loaded yet, use the maps that it finds there,
    /// where they are of its layout and nothing later is in force. Throws <see cref="IOException"/> where another agent
    /// has it, and <see cref="BpfException"/>.
    /// </summary>
    public static LayoutPins Take(DataplaneOptions options, string directory, BpfObject filter)
    {
        var pins = new LayoutPins(PinFolder.Take(PinFolder.Usable(directory)), filter, options);
        try
        {
            pins.Sweep();
            pins.Choose();
            return pins;
        }
        catch
        {
            pins.Dispose();
            throw;
        }
    }

    /// <summary>Pins the maps of the filter, which is loaded, where no later agent finds them yet.</summary>
    public void Prepare()
    {
        var folder = Directory.CreateDirectory(Place(Unfinished + Name)).FullName;
        _unpublished = true;
        foreach (var map in MapLayout.Maps(_filter))
        {
            _options.BetweenWrites();
            map.Pin(Path.Join(folder, map.Name));
        }
    }

    /// <summary>From now on a later agent finds them, and what they say is in force.</summary>
    public void Publish()
    {
        if (_unpublished)
        {
            _options.BetweenWrites();
            Directory.Move(Place(Unfinished + Name), Place(Name));
            _unpublished = false;
            _options.BetweenWrites();
        }
    }

    /// <summary>Something else is in force in ours than before, although nothing is attached yet.</summary>
    public void Forget() => Before = null;

    /// <summary>The failsafe and what else is no flow, before anything is attached.</summary>
    public void CarryTables() => new MapCarrier(_filter).CarryTables(Before!);

    /// <summary>
    /// Calls <paramref name="attach"/>, which puts our programs in the place of those before, one by one, and loses no
    /// flow meanwhile. Where the programs before enforce another layout, <paramref name="putInForce"/> does the same in
    /// ours. Then the other maps go.
    /// </summary>
    public (T Result, LayoutChange? Change) TakeOver<T>(Func<T> attach, Action putInForce)
    {
        var carrier = new MapCarrier(_filter);
        _others.ForEach(other => carrier.CarryFlows(other, onlyNew: true));
        if (Before is not null)
        {
            Join(Before, carrier, putInForce);
        }

        _options.BetweenWrites();
        var result = attach();
        _options.BetweenWrites();
        BesideFilters.RemoveAll(_folder.Path);
        var change = _others.Count == 0
            ? null
            : new LayoutChange(_others[0].Name, Name, carrier.Carried, carrier.Missing);
        foreach (var other in _others)
        {
            // What was left of an earlier time under our own name is gone already.
            if (other.Name != Name)
            {
                Remove(other.Name);
            }

            other.Dispose();
        }

        _others.Clear();
        Before = null;
        return (result, change);
    }

    /// <summary>Deletes everything: nothing outlives this agent.</summary>
    public void RemoveAll()
    {
        foreach (var layout in Layouts())
        {
            Remove(layout);
        }

        Sweep();
        _unpublished = false;
        BesideFilters.RemoveAll(_folder.Path);
        if (Directory.Exists(Links))
        {
            SocketHooks.RemovePinned(Links);
            ProcessTracer.RemovePinned(Links);
            Directory.Delete(Links, recursive: true);
        }

        Directory.Delete(_folder.Path);
    }

    /// <summary>Lets go of the folder; what is pinned stays.</summary>
    public void Dispose()
    {
        _others.ForEach(other => other.Dispose());
        _others.Clear();
        if (_unpublished)
        {
            Directory.Delete(Place(Unfinished + Name), recursive: true);
            _unpublished = false;
        }

        _folder.Dispose();
    }

    /// <summary>
    /// 1. Ours hang behind the others, with no persona: they pass everything, and see all flows that begin. 2. Flows
    /// from before are carried over. 3. Ours have a persona: both enforce. 4. A later agent finds ours. 5. The others
    /// pass everything: each of them can go when it likes.
    /// </summary>
    private void Join(PinnedLayout before, MapCarrier carrier, Action putInForce)
    {
        BesideFilters.Attach(_options, Place(Unfinished + Name), _folder.Path, Name);
        _options.BetweenWrites();
        carrier.CarryFlows(before, onlyNew: false);
        putInForce();
        Publish();
        before.StandDown();
    }

    private void Choose()
    {
        _others.AddRange(PinnedLayout.OpenAll(_folder.Path));
        var latest = _others.FirstOrDefault();
        var ours = _others.Find(layout => layout.Name == Name);
        if (ours is not null && IsWhole(ours) && (ours == latest || ours.SaysTheSameAs(latest!)))
        {
            _others.Remove(ours);
            using (ours)
            {
                foreach (var map in MapLayout.Maps(_filter))
                {
                    map.Reuse(ours.Map(map.Name)!);
                }
            }

            Adopts = true;
            return;
        }

        if (ours is not null)
        {
            // Left over, and out of date: kept open for its flows until ours have them.
            Remove(Name);
        }

        Before = latest;
    }

    private bool IsWhole(PinnedLayout layout) =>
        MapLayout.Maps(_filter).All(map => layout.Map(map.Name) is not null);

    private void Sweep()
    {
        foreach (var folder in Directory.GetDirectories(_folder.Path))
        {
            var name = Path.GetFileName(folder);
            if (name.StartsWith(Unfinished, StringComparison.Ordinal)
                || name.StartsWith(Outgoing, StringComparison.Ordinal))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private void Remove(string layout)
    {
        if (Directory.Exists(Place(layout)))
        {
            _options.BetweenWrites();
            Directory.Move(Place(layout), Place(Outgoing + layout));
            _options.BetweenWrites();
            Directory.Delete(Place(Outgoing + layout), recursive: true);
        }
    }

    private string[] Layouts() =>
        [.. Directory.GetDirectories(_folder.Path, MapLayout.Prefix + "*").Select(path => Path.GetFileName(path)!)];

    private string Place(string name) => Path.Join(_folder.Path, name);

    private static uint Later(uint a, uint b) => PinnedLayout.CompareEpochs(a, b) >= 0 ? a : b;
}
