using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Tests.Abi;

/// <summary>Holds C types, as BTF tells them, against their C# mirrors, and lists every difference.</summary>
internal static class AbiComparison
{
    public static List<string> Compare(BtfStruct c, Type? mirror)
    {
        if (mirror is null)
        {
            return [$"struct {c.Name} has no mirror"];
        }

        var differences = new List<string>();
        if (SizeOf(mirror) != c.Size)
        {
            differences.Add($"struct {c.Name} has {c.Size} octets, its mirror {SizeOf(mirror)}");
        }

        var fields = mirror.GetFields(BindingFlags.Public | BindingFlags.Instance).ToDictionary(field => field.Name);
        foreach (var member in c.Members)
        {
            if (!fields.Remove(Pascal(member.Name), out var field))
            {
                differences.Add($"{c.Name}.{member.Name} has no mirror");
            }
            else if (OffsetOf(mirror, field) != member.Offset || SizeOf(field.FieldType) != member.Size)
            {
                differences.Add(
                    $"{c.Name}.{member.Name} is {member.Size} octets at {member.Offset}, " +
                    $"its mirror {SizeOf(field.FieldType)} at {OffsetOf(mirror, field)}");
            }
        }

        differences.AddRange(fields.Keys.Select(name => $"{mirror.Name}.{name} mirrors nothing"));
        return differences;
    }

    public static List<string> Compare(BtfEnumeration c, Type? mirror)
    {
        if (mirror is not { IsEnum: true })
        {
            return [$"enum {c.Name} has no mirror"];
        }

        var differences = new List<string>();
        var names = Enum.GetNames(mirror).ToHashSet();
        foreach (var (member, value) in c.Members)
        {
            var name = Pascal(WithoutPrefix(c.Name, member));
            if (!names.Remove(name))
            {
                differences.Add($"{member} has no mirror");
            }
            else if (Convert.ToInt64(Enum.Parse(mirror, name)) != value)
            {
                differences.Add($"{member} is {value}, its mirror {Convert.ToInt64(Enum.Parse(mirror, name))}");
            }
        }

        // A set of flags needs a name for the empty set in C#; C writes 0.
        names.RemoveWhere(name => mirror.IsDefined(typeof(FlagsAttribute)) && name == "None");
        differences.AddRange(names.Select(name => $"{mirror.Name}.{name} mirrors nothing"));
        return differences;
    }

    public static string Pascal(string snake) =>
        string.Concat(
            snake.ToLowerInvariant()
                .Split('_')
                .Where(part => part.Length > 0)
                .Select(part => char.ToUpperInvariant(part[0]) + part[1..]));

    /// <summary>
    /// PACKET_DIRECTION_INGRESS of enum packet_direction is INGRESS; of a shorter common prefix, what is common.
    /// </summary>
    private static string WithoutPrefix(string name, string member)
    {
        var words = name.ToUpperInvariant().Split('_');
        for (var length = words.Length; length > 0; length--)
        {
            var prefix = string.Join('_', words[..length]) + "_";
            if (member.StartsWith(prefix, StringComparison.Ordinal))
            {
                return member[prefix.Length..];
            }
        }

        return member;
    }

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>Where the runtime puts the field: Marshal.OffsetOf does not know inline arrays.</summary>
    private static int OffsetOf(Type type, FieldInfo field)
    {
        var method = new DynamicMethod(
            "offset", typeof(int), Type.EmptyTypes, typeof(AbiComparison).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        var local = code.DeclareLocal(type);
        code.Emit(OpCodes.Ldloca, local);
        code.Emit(OpCodes.Ldflda, field);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Ldloca, local);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Sub);
        code.Emit(OpCodes.Conv_I4);
        code.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, null)!;
    }
}
