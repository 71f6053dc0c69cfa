using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Units;
using Google.Protobuf;
using Google.Protobuf.Collections;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>
/// Reads a persona off the wire. The sender is not trusted: what is out of range is refused, never mended.
/// </summary>
public static class PersonaReader
{
    /// <summary>
    /// The model of <paramref name="wire"/>, its rules in evaluation order; throws <see cref="FormatException"/> that
    /// names the field.
    /// </summary>
    public static Persona Read(V1.Persona wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        var rules = wire.Rules.Select(ReadRule).ToArray();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        if (Array.Find(rules, rule => !ids.Add(rule.Id)) is { } twice)
        {
            throw new FormatException($"Two rules are called '{twice.Id}'.");
        }

        return new Persona
        {
            Name = wire.Name.Length > 0 ? wire.Name : throw new FormatException("name is empty."),
            Revision = wire.Revision,
            DefaultIngress = ReadDefault(wire.DefaultIngress, "default_ingress"),
            DefaultEgress = ReadDefault(wire.DefaultEgress, "default_egress"),
            Rules = RulePrecedence.Order(rules),
            Mode = ReadMode(wire.EnforcementMode, "enforcement_mode"),
            KeepEstablished = wire.KeepEstablished,
            ConfirmTimeout = !wire.HasConfirmTimeoutMs ? null
                : wire.ConfirmTimeoutMs > 0 ? ReadSpan(wire.ConfirmTimeoutMs, "confirm_timeout_ms")
                : throw new FormatException("confirm_timeout_ms is 0."),
            Tests = ReadTests(wire.Tests),
        };
    }

    /// <summary>Names are put together only where something is wrong: rules are many.</summary>
    private static Rule ReadRule(V1.Rule wire, int index)
    {
        try
        {
            return ReadFields(wire);
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"rules[{index}].{wrong.Message}", wrong);
        }
    }

    private static Rule ReadFields(V1.Rule wire) => new()
    {
        Id = wire.Id.Length > 0 ? wire.Id : throw new FormatException("id is empty."),
        Direction = Known<Direction>((int)wire.Direction, "direction"),
        Action = Known<RuleAction>((int)wire.Action, "action"),
        List = Known<RuleList>((int)wire.List, "list"),
        Priority = InRange(wire.Priority, 1000, "priority"),
        Protocol = wire.HasProtocol ? (byte)InRange(wire.Protocol, byte.MaxValue, "protocol") : null,
        Ports = [.. wire.Ports.Select(range => ReadPorts(range, "ports"))],
        Peers = [.. wire.Peers.Select(prefix => ReadPrefix(prefix, "peers"))],
        Except = [.. wire.Except.Select(prefix => ReadPrefix(prefix, "except"))],
        Icmp = wire.Icmp is { } icmp
            ? new IcmpMatch(
                icmp.HasType ? (byte)InRange(icmp.Type, byte.MaxValue, "icmp.type") : null,
                icmp.HasCode ? (byte)InRange(icmp.Code, byte.MaxValue, "icmp.code") : null)
            : null,
        Mode = ReadMode(wire.Mode, "mode"),
    };

    private static PortRange ReadPorts(V1.PortRange wire, string field)
    {
        var range = new PortRange(
            (ushort)InRange(wire.First, ushort.MaxValue, field), (ushort)InRange(wire.Last, ushort.MaxValue, field));
        return range.First <= range.Last ? range : throw new FormatException($"{field}: {range} runs backwards.");
    }

    private static Prefix ReadPrefix(V1.Prefix wire, string field)
    {
        var address = ReadAddress(wire.Address, field);
        var prefix = new Prefix(address, InRange(wire.Length, (uint)address.Width, field));
        return prefix.Address == address
            ? prefix
            : throw new FormatException($"{field}: {address}/{wire.Length} has host bits.");
    }

    internal static IpAddress ReadAddress(ByteString wire, string field) => wire.Length is 4 or 16
        ? IpAddress.FromBytes(wire.Span)
        : throw new FormatException($"{field}: an address has 4 or 16 octets, not {wire.Length}.");

    private static ImmutableArray<VerdictTest> ReadTests(RepeatedField<V1.VerdictTest> wire)
    {
        InRange((uint)wire.Count, Persona.MaxTests, "tests");
        return [.. wire.Select((test, index) => VerdictTestReader.Read(test, $"tests[{index}]"))];
    }

    private static RuleAction ReadDefault(V1.Action wire, string field) => Known<RuleAction>((int)wire, field);

    private static EnforcementMode ReadMode(V1.EnforcementMode wire, string field) =>
        Known<EnforcementMode>((int)wire, field);

    internal static TimeSpan ReadSpan(ulong milliseconds, string field) =>
        milliseconds <= (ulong)Duration.Max.TotalMilliseconds
            ? TimeSpan.FromMilliseconds((long)milliseconds)
            : throw new FormatException($"{field}: {milliseconds} is over {Duration.Max.TotalMilliseconds}.");

    internal static T Known<T>(int value, string field)
        where T : struct, Enum =>
        Enum.IsDefined((T)(object)value)
            ? (T)(object)value
            : throw new FormatException($"{field}: {value} is not known.");

    internal static int InRange(uint value, uint max, string field) =>
        value <= max ? (int)value : throw new FormatException($"{field}: {value} is over {max}.");
}
