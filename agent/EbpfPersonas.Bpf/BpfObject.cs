using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>
/// A compiled BPF object file: opened (maps and constants can be changed), then loaded into the kernel. Maps and
/// programs are borrowed from it and die with it; attached links that were not pinned go on until they are disposed.
/// </summary>
public sealed unsafe class BpfObject : SafeHandle
{
    private readonly Dictionary<string, BpfMap> _maps = [];
    private readonly Dictionary<string, BpfProgram> _programs = [];

    private BpfObject(nint handle, string name)
        : base(nint.Zero, ownsHandle: true)
    {
        SetHandle(handle);
        Name = name;
        for (var map = Next(nint.Zero); map != nint.Zero; map = Next(map))
        {
            var wrapped = new BpfMap(this, map);
            _maps.Add(wrapped.Name, wrapped);
        }

        for (var program = NextProgram(nint.Zero); program != nint.Zero; program = NextProgram(program))
        {
            var wrapped = new BpfProgram(this, program);
            _programs.Add(wrapped.Name, wrapped);
        }

        nint Next(nint previous) => ObjectFunctions.bpf_object__next_map(handle, previous);
        nint NextProgram(nint previous) => ObjectFunctions.bpf_object__next_program(handle, previous);
    }

    /// <summary>The name it was opened under.</summary>
    public string Name { get; }

    /// <summary>
    /// Its maps by name as in the C source; constants are in ".rodata" behind a prefix of the object's name.
    /// </summary>
    public IReadOnlyDictionary<string, BpfMap> Maps => _maps;

    /// <summary>Its programs by function name.</summary>
    public IReadOnlyDictionary<string, BpfProgram> Programs => _programs;

    /// <inheritdoc/>
    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>Reads an ELF image; throws <see cref="BpfException"/>.</summary>
    public static BpfObject Open(ReadOnlySpan<byte> image, string name)
    {
        fixed (byte* bytes = image)
        {
            var start = (nint)bytes;
            var size = (nuint)image.Length;
            var nameBytes = Marshal.StringToCoTaskMemUTF8(name);
            try
            {
                var ((handle, errno), log) = LibbpfLog.Collect(() =>
                {
                    var options = new ObjectFunctions.bpf_object_open_opts
                    {
                        sz = (nuint)sizeof(ObjectFunctions.bpf_object_open_opts),
                        object_name = (byte*)nameBytes,
                    };
                    var opened = ObjectFunctions.bpf_object__open_mem((byte*)start, size, &options);
                    return (opened, Marshal.GetLastPInvokeError());
                });
                return handle != nint.Zero
                    ? new BpfObject(handle, name)
                    : throw new BpfException($"open {name}", errno, log);
            }
            finally
            {
                Marshal.FreeCoTaskMem(nameBytes);
            }
        }
    }

    /// <summary>
    /// Creates the maps and loads the programs; throws <see cref="BpfException"/> with the verifier's log.
    /// </summary>
    public void Load()
    {
        var (result, log) = LibbpfLog.Collect(() => ObjectFunctions.bpf_object__load(handle));
        BpfException.Check(result, $"load {Name}", log);
    }

    /// <summary>
    /// Uses the maps of <paramref name="loaded"/> in place of those of the same names, before <see cref="Load"/>; the
    /// kernel keeps them while either uses them. Throws <see cref="BpfException"/>.
    /// </summary>
    public void ShareMaps(BpfObject loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        foreach (var (name, map) in _maps)
        {
            if (loaded._maps.TryGetValue(name, out var other))
            {
                map.Share(other);
            }
        }
    }

    /// <summary>The map of this name; throws <see cref="KeyNotFoundException"/>.</summary>
    public BpfMap Map(string name) => _maps.TryGetValue(name, out var map)
        ? map : throw new KeyNotFoundException($"{Name} has no map {name}.");

    /// <summary>The program of this name; throws <see cref="KeyNotFoundException"/>.</summary>
    public BpfProgram Program(string name) => _programs.TryGetValue(name, out var program)
        ? program : throw new KeyNotFoundException($"{Name} has no program {name}.");

    /// <summary>
    /// Sets a <c>const volatile</c> of the source, before <see cref="Load"/>; throws when the object has no such
    /// variable of this size.
    /// </summary>
    public void SetConstant<T>(string variable, T value)
        where T : unmanaged
    {
        var (section, offset, size) = TypeInfo().FindVariable(variable)
            ?? throw new KeyNotFoundException($"{Name} has no constant {variable}.");
        if (size != sizeof(T))
        {
            throw new ArgumentException($"{variable} has {size} octets, not {sizeof(T)}.", nameof(value));
        }

        var map = _maps.First(entry => entry.Key.EndsWith(section, StringComparison.Ordinal)).Value;
        MemoryMarshal.Write(map.InitialValue().Slice(offset, size), in value);
    }

    /// <summary>The types that the object was compiled with.</summary>
    public BtfTypes TypeInfo() => new(this, ObjectFunctions.bpf_object__btf(handle));

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        ObjectFunctions.bpf_object__close(handle);
        return true;
    }
}
