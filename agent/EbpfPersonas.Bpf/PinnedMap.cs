using System.Runtime.InteropServices;
using System.Text;
using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfPersonas.Bpf;

/// <summary>A map that somebody left on a BPF file system, opened.</summary>
public sealed unsafe class PinnedMap : IDisposable
{
    private const int NoEntry = 2; // ENOENT
    private const int BatchSize = 1024;

    private readonly SafeFileHandle _map;
    private readonly BtfHandle? _btf;
    private readonly SyscallFunctions.bpf_map_info _info;

    private PinnedMap(string path, SafeFileHandle map)
    {
        Path = path;
        _map = map;
        _info = ReadInfo(Descriptor, path);
        _btf = BtfHandle.Load(_info.btf_id);
    }

    /// <summary>Where it is pinned, or was.</summary>
    public string Path { get; }

    /// <summary>Octets of a key.</summary>
    public int KeySize => (int)_info.key_size;

    /// <summary>Octets of a value, on one CPU where the map is per CPU.</summary>
    public int ValueSize => (int)_info.value_size;

    /// <summary>How many entries it can hold.</summary>
    public uint MaxEntries => _info.max_entries;

    /// <summary>The type of its keys; null where the kernel does not know it.</summary>
    public BtfValue? KeyType => Type(_info.btf_key_type_id);

    /// <summary>The type of its values; null where the kernel does not know it.</summary>
    public BtfValue? ValueType => Type(_info.btf_value_type_id);

    internal int Descriptor => !_map.IsClosed
        ? (int)_map.DangerousGetHandle()
        : throw new ObjectDisposedException(Path);

    /// <summary>Opens it; throws <see cref="BpfException"/>.</summary>
    public static PinnedMap Open(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var descriptor = BpfException.Check(LinkFunctions.bpf_obj_get(name), $"open {path}");
            var map = new SafeFileHandle(descriptor, ownsHandle: true);
            try
            {
                return new PinnedMap(path, map);
            }
            catch
            {
                map.Dispose();
                throw;
            }
        }
    }

    /// <summary>Reads one entry; false where there is none.</summary>
    public bool TryLookup(ReadOnlySpan<byte> key, Span<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        ArgumentOutOfRangeException.ThrowIfLessThan(value.Length, ValueSize);
        fixed (byte* from = key)
        fixed (byte* to = value)
        {
            var result = SyscallFunctions.bpf_map_lookup_elem(Descriptor, from, to);
            return result == 0
                || (result == -NoEntry ? false : throw new BpfException($"look up in {Path}", -result));
        }
    }

    /// <summary>As <see cref="BpfMap.LookupPerCpu"/>.</summary>
    public void LookupPerCpu<TValue>(uint key, Span<TValue> values)
        where TValue : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sizeof(uint), KeySize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(sizeof(TValue), ValueSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, BpfMap.PossibleCpus);
        fixed (TValue* to = values)
        {
            BpfException.Check(SyscallFunctions.bpf_map_lookup_elem(Descriptor, &key, to), $"look up in {Path}");
        }
    }

    /// <summary>Changes or creates one entry; throws <see cref="BpfException"/>.</summary>
    public void Update(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(value.Length, ValueSize);
        fixed (byte* at = key)
        fixed (byte* from = value)
        {
            BpfException.Check(SyscallFunctions.bpf_map_update_elem(Descriptor, at, from, 0), $"update {Path}");
        }
    }

    /// <summary>
    /// Calls <paramref name="each"/> for all entries of a hash map; one that comes or goes meanwhile may be missed.
    /// </summary>
    public void ForEach(Action<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> each)
    {
        ArgumentNullException.ThrowIfNull(each);
        var size = Math.Min(BatchSize, (int)MaxEntries);
        var (keys, values) = (new byte[size * KeySize], new byte[size * ValueSize]);
        var cursor = new byte[Math.Max(sizeof(ulong), KeySize)];
        for (var first = true; ; first = false)
        {
            var count = (uint)size;
            int result;
            fixed (byte* at = cursor)
            fixed (byte* key = keys)
            fixed (byte* value = values)
            {
                result = SyscallFunctions.bpf_map_lookup_batch(
                    Descriptor, first ? null : at, at, key, value, &count, null);
            }

            if (result is not (0 or -NoEntry))
            {
                throw new BpfException($"walk {Path}", -result);
            }

            for (var i = 0; i < count; i++)
            {
                each(keys.AsMemory(i * KeySize, KeySize), values.AsMemory(i * ValueSize, ValueSize));
            }

            if (result != 0)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _btf?.Dispose();
        _map.Dispose();
    }

    internal static void Pin(int descriptor, string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            BpfException.Check(LinkFunctions.bpf_obj_pin(descriptor, name), $"pin {path}");
        }
    }

    internal static SyscallFunctions.bpf_map_info ReadInfo(int descriptor, string name)
    {
        SyscallFunctions.bpf_map_info info = default;
        var length = (uint)sizeof(SyscallFunctions.bpf_map_info);
        BpfException.Check(
            SyscallFunctions.bpf_obj_get_info_by_fd(descriptor, &info, &length), $"ask about map {name}");
        return info;
    }

    private BtfValue? Type(uint id) =>
        _btf is null || id == 0 ? null : new BtfValue(new BtfTypes(_btf, _btf.DangerousGetHandle()), id);

    private sealed class BtfHandle : SafeHandle
    {
        private BtfHandle(nint btf)
            : base(nint.Zero, ownsHandle: true) => SetHandle(btf);

        public override bool IsInvalid => handle == nint.Zero;

        /// <summary>Null where there is none, or it cannot be read.</summary>
        public static BtfHandle? Load(uint id)
        {
            var (btf, _) = LibbpfLog.Collect(() => id == 0 ? nint.Zero : BtfFunctions.btf__load_from_kernel_by_id(id));
            return btf == nint.Zero ? null : new BtfHandle(btf);
        }

        protected override bool ReleaseHandle()
        {
            BtfFunctions.btf__free(handle);
            return true;
        }
    }
}
