using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>
/// The types of a compiled object, or of what the kernel holds (Documentation/bpf/btf.rst); borrowed from their owner.
/// </summary>
public sealed unsafe class BtfTypes
{
    private const uint KindArray = 3;
    private const uint KindStruct = 4;
    private const uint KindUnion = 5;
    private const uint KindEnum = 6;
    private const uint KindTypedef = 8;
    private const uint KindVolatile = 9;
    private const uint KindConst = 10;
    private const uint KindRestrict = 11;
    private const uint KindVariable = 14;
    private const uint KindSection = 15;
    private const uint KindTypeTag = 18;

    private readonly SafeHandle _owner;
    private readonly nint _btf;

    internal BtfTypes(SafeHandle owner, nint btf) => (_owner, _btf) = (owner, btf);

    private uint Count => BtfFunctions.btf__type_cnt(Btf);

    private nint Btf => !_owner.IsClosed ? _btf : throw new ObjectDisposedException(nameof(BtfTypes));

    /// <summary>
    /// Every named struct with its size and members, offsets and sizes in octets. Bit fields have size 0.
    /// </summary>
    public IEnumerable<BtfStruct> Structs()
    {
        for (uint id = 1; id < Count; id++)
        {
            if (ReadStruct(id) is { } found)
            {
                yield return found;
            }
        }
    }

    /// <summary>Every named enum with its members.</summary>
    public IEnumerable<BtfEnumeration> Enums()
    {
        for (uint id = 1; id < Count; id++)
        {
            if (ReadEnum(id) is { } found)
            {
                yield return found;
            }
        }
    }

    /// <summary>Where a global variable lies: its section, and offset and size in octets.</summary>
    internal (string Section, int Offset, int Size)? FindVariable(string name)
    {
        for (uint id = 1; id < Count; id++)
        {
            var section = BtfFunctions.btf__type_by_id(_btf, id);
            if (Kind(section) != KindSection)
            {
                continue;
            }

            // struct btf_var_secinfo { type, offset, size } for each variable.
            for (var i = 0; i < Length(section); i++)
            {
                var variable = section + 3 + (3 * i);
                var type = BtfFunctions.btf__type_by_id(_btf, variable[0]);
                if (Kind(type) == KindVariable && Name(type[0]) == name)
                {
                    return (Name(section[0]), (int)variable[1], (int)variable[2]);
                }
            }
        }

        return null;
    }

    /// <summary>A type without typedefs and qualifiers; id 0 is void.</summary>
    internal BtfShape Shape(uint id)
    {
        var type = BtfFunctions.btf__type_by_id(Btf, id);
        while (Kind(type) is KindTypedef or KindVolatile or KindConst or KindRestrict or KindTypeTag)
        {
            id = type[2];
            type = BtfFunctions.btf__type_by_id(_btf, id);
        }

        var size = id == 0 ? 0 : (int)BtfFunctions.btf__resolve_size(_btf, id);
        return Kind(type) switch
        {
            KindStruct or KindUnion => new BtfShape(Name(type[0]), size) { Members = ReadMembers(type) },
            // struct btf_array { type, index type, length } follows.
            KindArray => new BtfShape("", size) { Element = type[3], Length = (int)type[5] },
            _ => new BtfShape(Name(type[0]), size),
        };
    }

    private BtfStruct? ReadStruct(uint id)
    {
        var type = BtfFunctions.btf__type_by_id(_btf, id);
        return Kind(type) == KindStruct && Name(type[0]).Length > 0
            ? new BtfStruct(Name(type[0]), (int)type[2], ReadMembers(type))
            : null;
    }

    private List<BtfMember> ReadMembers(uint* type)
    {
        // struct btf_member { name, type, offset in bits }; with the kind flag the upper 8 bits are a bit field's size.
        var flagged = type[1] >> 31 == 1;
        var members = new List<BtfMember>();
        for (var i = 0; i < Length(type); i++)
        {
            var member = type + 3 + (3 * i);
            var isBitField = flagged && member[2] >> 24 != 0;
            var bits = flagged ? member[2] & 0xffffff : member[2];
            members.Add(new BtfMember(
                Name(member[0]),
                (int)(bits / 8),
                isBitField ? 0 : (int)BtfFunctions.btf__resolve_size(_btf, member[1]))
            {
                Type = member[1],
            });
        }

        return members;
    }

    private BtfEnumeration? ReadEnum(uint id)
    {
        var type = BtfFunctions.btf__type_by_id(_btf, id);
        if (Kind(type) != KindEnum || Name(type[0]).Length == 0)
        {
            return null;
        }

        // struct btf_enum { name, value }.
        var members = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < Length(type); i++)
        {
            var member = type + 3 + (2 * i);
            members.Add(Name(member[0]), (int)member[1]);
        }

        return new BtfEnumeration(Name(type[0]), members);
    }

    // struct btf_type { name, info = kind flag:1 | kind:5 at bit 24 | length:16, size or type }.
    private static uint Kind(uint* type) => (type[1] >> 24) & 0x1f;

    private static int Length(uint* type) => (int)(type[1] & 0xffff);

    private string Name(uint offset) =>
        Marshal.PtrToStringUTF8((nint)BtfFunctions.btf__name_by_offset(_btf, offset)) ?? "";
}
