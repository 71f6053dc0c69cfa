using System.Globalization;
using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfPersonas.Bpf;

/// <summary>A map of a <see cref="BpfObject"/>, borrowed from it.</summary>
public sealed unsafe class BpfMap
{
    private const int NoEntry = 2; // ENOENT
    private const int TooBig = 7; // E2BIG
    private const int NoMemory = 12; // ENOMEM
    private const int Exists = 17; // EEXIST

    private readonly BpfObject _owner;
    private readonly nint _map;
    private readonly uint _keyType;
    private readonly uint _valueType;

    internal BpfMap(BpfObject owner, nint map)
    {
        _owner = owner;
        _map = map;
        Name = Marshal.PtrToStringUTF8((nint)ObjectFunctions.bpf_map__name(map))!;
        (_keyType, _valueType) =
            (ObjectFunctions.bpf_map__btf_key_type_id(map), ObjectFunctions.bpf_map__btf_value_type_id(map));
    }

    /// <summary>The name in the C source.</summary>
    public string Name { get; }

    /// <summary>Octets of a key.</summary>
    public int KeySize => (int)ObjectFunctions.bpf_map__key_size(_map);

    /// <summary>Octets of a value, on one CPU where the map is per CPU.</summary>
    public int ValueSize => (int)ObjectFunctions.bpf_map__value_size(_map);

    /// <summary>How many entries it can hold. Set before the object is loaded.</summary>
    public uint MaxEntries
    {
        get => ObjectFunctions.bpf_map__max_entries(_map);
        set => BpfException.Check(ObjectFunctions.bpf_map__set_max_entries(_map, value), $"resize map {Name}");
    }

    /// <summary>The kernel's number of the map, once the object is loaded.</summary>
    public uint ReadId() => PinnedMap.ReadInfo(Descriptor, Name).id;

    /// <summary>
    /// All that decides whether a program can use another map in its place: name, kind, sizes, and the types of keys
    /// and values.
    /// </summary>
    public string Layout => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name} {ObjectFunctions.bpf_map__type(_map)} {KeySize} {ValueSize} {MaxEntries} " +
        $"{ObjectFunctions.bpf_map__map_flags(_map)} {KeyType} {ValueType}");

    /// <summary>The type of its keys as compiled, or null.</summary>
    public BtfValue? KeyType => _keyType == 0 ? null : new BtfValue(_owner.TypeInfo(), _keyType);

    /// <summary>The type of its values as compiled, or null.</summary>
    public BtfValue? ValueType => _valueType == 0 ? null : new BtfValue(_owner.TypeInfo(), _valueType);

    /// <summary>Whether the kernel holds a map of this number.</summary>
    public static bool IsHeld(uint id)
    {
        using var map = new SafeFileHandle(SyscallFunctions.bpf_map_get_fd_by_id(id), ownsHandle: true);
        return !map.IsInvalid;
    }

    internal int Descriptor => !_owner.IsClosed
        ? BpfException.Check(ObjectFunctions.bpf_map__fd(_map), $"use map {Name}")
        : throw new ObjectDisposedException(Name);

    /// <summary>Reads one entry; false where there is none.</summary>
    public bool TryLookup<TKey, TValue>(TKey key, out TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        Expect(sizeof(TKey), KeySize);
        Expect(sizeof(TValue), ValueSize);
        TValue found;
        var result = SyscallFunctions.bpf_map_lookup_elem(Descriptor, &key, &found);
        value = result == 0 ? found : default;
        return result == 0 || (result == -NoEntry ? false : throw new BpfException($"look up in map {Name}", -result));
    }

    /// <summary>Reads the octets of one entry; false where there is none.</summary>
    public bool TryLookup(ReadOnlySpan<byte> key, Span<byte> value)
    {
        Expect(key.Length, KeySize);
        Expect(value.Length, ValueSize);
        fixed (byte* at = key)
        fixed (byte* to = value)
        {
            var result = SyscallFunctions.bpf_map_lookup_elem(Descriptor, at, to);
            return result == 0
                || (result == -NoEntry ? false : throw new BpfException($"look up in map {Name}", -result));
        }
    }

    /// <summary>
    /// Reads one entry of a per-CPU map, one value for each possible CPU, into <paramref name="values"/> (at least
    /// <see cref="PossibleCpus"/> long); the value's size must be a multiple of 8, as the kernel pads it.
    /// </summary>
    public void LookupPerCpu<TValue>(uint key, Span<TValue> values)
        where TValue : unmanaged
    {
        Expect(sizeof(uint), KeySize);
        Expect(sizeof(TValue), ValueSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, PossibleCpus);
        fixed (TValue* to = values)
        {
            BpfException.Check(SyscallFunctions.bpf_map_lookup_elem(Descriptor, &key, to), $"look up in map {Name}");
        }
    }

    /// <summary>Sets one entry of a per-CPU map to zero on every CPU.</summary>
    public void ClearPerCpu(uint key)
    {
        var zeros = new byte[ValueSize * PossibleCpus];
        fixed (byte* from = zeros)
        {
            BpfException.Check(SyscallFunctions.bpf_map_update_elem(Descriptor, &key, from, 0), $"clear in map {Name}");
        }
    }

    /// <summary>Creates or replaces one entry.</summary>
    public void Update<TKey, TValue>(TKey key, in TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        Expect(sizeof(TKey), KeySize);
        Expect(sizeof(TValue), ValueSize);
        fixed (TValue* from = &value)
        {
            BpfException.Check(SyscallFunctions.bpf_map_update_elem(Descriptor, &key, from, 0), $"update map {Name}");
        }
    }

    /// <summary>
    /// Creates one entry, or changes it unless <paramref name="onlyNew"/>; false where nothing was written: it is there
    /// already, or the map is full. A queue has no key.
    /// </summary>
    public bool TryUpdate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool onlyNew)
    {
        Expect(key.Length, KeySize);
        Expect(value.Length, ValueSize);
        fixed (byte* at = key)
        fixed (byte* from = value)
        {
            var flags = onlyNew ? SyscallFunctions.BPF_NOEXIST : 0;
            return SyscallFunctions.bpf_map_update_elem(Descriptor, key.IsEmpty ? null : at, from, flags) switch
            {
                0 => true,
                -Exists or -TooBig or -NoMemory => false,
                var result => throw new BpfException($"update map {Name}", -result),
            };
        }
    }

    /// <summary>
    /// Keeps the map in the kernel under <paramref name="path"/> on a BPF file system until that file is deleted.
    /// </summary>
    public void Pin(string path) => PinnedMap.Pin(Descriptor, path);

    /// <summary>
    /// Before the object is loaded: its programs will use <paramref name="map"/> and not one of their own. Throws
    /// <see cref="ArgumentException"/> where sizes differ.
    /// </summary>
    public void Reuse(PinnedMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        Expect(map.KeySize, KeySize);
        Expect(map.ValueSize, ValueSize);
        Expect((int)map.MaxEntries, (int)MaxEntries);
        BpfException.Check(ObjectFunctions.bpf_map__reuse_fd(_map, map.Descriptor), $"use map {Name} again");
    }

    /// <summary>Removes one entry; false where there is none.</summary>
    public bool Delete<TKey>(TKey key)
        where TKey : unmanaged
    {
        Expect(sizeof(TKey), KeySize);
        var result = SyscallFunctions.bpf_map_delete_elem(Descriptor, &key);
        return result == 0 || (result == -NoEntry ? false : throw new BpfException($"delete from map {Name}", -result));
    }

    /// <summary>The keys at this moment; entries that come or go meanwhile may be missed or listed twice.</summary>
    public IEnumerable<TKey> Keys<TKey>()
        where TKey : unmanaged
    {
        TKey? key = null;
        // A key that vanished makes the kernel start again from the first: the map's size bounds the walk.
        for (var i = 0L; i < MaxEntries; i++)
        {
            if (NextKey(key) is not { } next)
            {
                yield break;
            }

            yield return next;
            key = next;
        }
    }

    /// <summary>
    /// Maps the values into memory; the map has the flag BPF_F_MMAPABLE. Its value size must be a multiple of 8, to
    /// which the kernel would pad it.
    /// </summary>
    public MemoryMap MapMemory() => ValueSize % 8 == 0
        ? MemoryMap.Create(Descriptor, Name, ValueSize, checked((int)MaxEntries))
        : throw new NotSupportedException($"Map {Name} has values of {ValueSize} octets.");

    /// <summary>The number of CPUs that per-CPU maps have values for.</summary>
    public static int PossibleCpus { get; } =
        BpfException.Check(ObjectFunctions.libbpf_num_possible_cpus(), "count CPUs");

    /// <summary>Stands for <paramref name="other"/>, which is loaded; before the object of this one is.</summary>
    internal void Share(BpfMap other) =>
        BpfException.Check(ObjectFunctions.bpf_map__reuse_fd(_map, other.Descriptor), $"share map {Name}");

    internal Span<byte> InitialValue()
    {
        nuint size;
        var bytes = ObjectFunctions.bpf_map__initial_value(_map, &size);
        return new Span<byte>(bytes, (int)size);
    }

    private TKey? NextKey<TKey>(TKey? key)
        where TKey : unmanaged
    {
        Expect(sizeof(TKey), KeySize);
        var from = key.GetValueOrDefault();
        TKey next;
        var result = SyscallFunctions.bpf_map_get_next_key(Descriptor, key.HasValue ? &from : null, &next);
        return result switch
        {
            0 => next,
            -NoEntry => null,
            _ => throw new BpfException($"walk map {Name}", -result),
        };
    }

    private void Expect(int size, int kernelSize)
    {
        if (size != kernelSize)
        {
            throw new ArgumentException($"Map {Name} has {kernelSize} octets here, not {size}.");
        }
    }
}
