using System.Buffers.Binary;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>Maps that an agent left pinned, and what they say is in force. They stay open when their pins go.</summary>
internal sealed class PinnedLayout : IDisposable
{
    private readonly Dictionary<string, PinnedMap> _maps = new(StringComparer.Ordinal);

    private PinnedLayout(string name) => Name = name;

    /// <summary>The folder's name.</summary>
    public string Name { get; }

    /// <summary>What is in force; null where that cannot be read.</summary>
    public RealisedState? State { get; private set; }

    /// <summary>The number of the last switch, 0 where it cannot be read.</summary>
    public uint Epoch { get; private set; }

    /// <summary>Opens all maps in <paramref name="folder"/>; throws <see cref="BpfException"/>.</summary>
    public static PinnedLayout Open(string folder)
    {
        var layout = new PinnedLayout(Path.GetFileName(folder));
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder))
            {
                layout._maps.Add(Path.GetFileName(path), PinnedMap.Open(path));
            }

            layout.ReadState();
            return layout;
        }
        catch
        {
            layout.Dispose();
            throw;
        }
    }

    /// <summary>Opens all that are in <paramref name="directory"/>; the one that switched last is the first.</summary>
    public static List<PinnedLayout> OpenAll(string directory)
    {
        var found = new List<PinnedLayout>();
        try
        {
            foreach (var folder in Directory.GetDirectories(directory, MapLayout.Prefix + "*"))
            {
                found.Add(Open(folder));
            }

            return [.. found.OrderByDescending(layout => layout.Epoch, Comparer<uint>.Create(CompareEpochs))];
        }
        catch
        {
            found.ForEach(layout => layout.Dispose());
            throw;
        }
    }

    /// <summary>Epochs go round.</summary>
    public static int CompareEpochs(uint a, uint b) => (int)(a - b);

    /// <summary>The map of this name, or null.</summary>
    public PinnedMap? Map(string name) => _maps.GetValueOrDefault(name);

    /// <summary>Whether it is the same persona, brought by the same desired state, that both say is in force.</summary>
    public bool SaysTheSameAs(PinnedLayout other) =>
        State is { } ours && other.State is { } theirs && ours with { Epoch = theirs.Epoch } == theirs;

    /// <summary>
    /// Its programs let everything pass from now on: others enforce. Only the slot in its active word changes.
    /// </summary>
    public void StandDown()
    {
        if (State is not null)
        {
            Map("active")!.Update(new byte[sizeof(uint)], BitConverter.GetBytes((ulong)Epoch << 32));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var map in _maps.Values)
        {
            map.Dispose();
        }
    }

    private void ReadState()
    {
        if (Map("active") is not { ValueSize: sizeof(ulong) } active || Read(active, 0) is not { } bytes)
        {
            return;
        }

        var word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Epoch = (uint)(word >> 32);
        var slot = (uint)word;
        if (Field("slots", slot, "generation") is not { Length: sizeof(ulong) } generation)
        {
            return;
        }

        var number = BinaryPrimitives.ReadUInt64LittleEndian(generation);
        if (slot == PersonaSlots.NoPersona)
        {
            State = new RealisedState(number, Epoch, null, 0);
        }
        else if (Field("residents", slot, "name") is { } name
            && Field("residents", slot, "revision") is { Length: sizeof(ulong) } revision)
        {
            State = new RealisedState(
                number, Epoch, ResidentName.Read(name), BinaryPrimitives.ReadUInt64LittleEndian(revision));
        }
    }

    private byte[]? Field(string map, uint key, string member) =>
        Map(map) is { ValueType: { } type } found && type.Member(member) is { } field && Read(found, key) is { } value
            ? value.AsSpan(field.Offset, field.Size).ToArray()
            : null;

    private static byte[]? Read(PinnedMap map, uint key)
    {
        var value = new byte[map.ValueSize];
        return map.KeySize == sizeof(uint) && map.TryLookup(BitConverter.GetBytes(key), value) ? value : null;
    }
}
