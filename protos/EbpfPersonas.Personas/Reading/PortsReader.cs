using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads the ports of a rule: <c>port</c>, <c>port</c> with <c>end_port</c>, or <c>ports</c>.</summary>
internal static class PortsReader
{
    /// <summary>The ranges; empty where the rule names no port.</summary>
    public static ImmutableArray<PortRange> Read(Members rule)
    {
        if (rule["ports"] is { } several)
        {
            foreach (var other in rule.Present("port", "end_port"))
            {
                other.Error(FindingCode.Conflict, "Give either port (with end_port) or ports.");
            }

            return ReadList(several);
        }

        if (rule["port"] is not { } field)
        {
            rule["end_port"]?.Error(FindingCode.Conflict, "end_port needs port, where the range begins.");
            return [];
        }

        var first = Vocabulary.Port(field);
        var last = rule["end_port"] is { } end ? Vocabulary.Port(end) : first;
        if (first > last)
        {
            rule["end_port"]!.Value.Error(FindingCode.BackwardsRange, $"The range {first}-{last} runs backwards.");
            return [];
        }

        return first is { } from && last is { } to ? [new PortRange(from, to)] : [];
    }

    private static ImmutableArray<PortRange> ReadList(Field list)
    {
        var ranges = ImmutableArray.CreateBuilder<PortRange>();
        foreach (var item in list.NonEmptyList() ?? [])
        {
            if (!item.IsText)
            {
                if (Vocabulary.Port(item) is { } port)
                {
                    ranges.Add(new PortRange(port, port));
                }
            }
            else if (ReadRange(item) is { } range)
            {
                ranges.Add(range);
            }
        }

        return ranges.ToImmutable();
    }

    private static PortRange? ReadRange(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        var ends = text.Split('-');
        if (ends.Length != 2 || !TryPort(ends[0], out var first) || !TryPort(ends[1], out var last))
        {
            field.Error(FindingCode.BadValue, $"{Printable.Quote(text)} is neither a port (a number) nor a range " +
                $"such as \"8000-8100\".");
            return null;
        }

        if (first > last)
        {
            field.Error(FindingCode.BackwardsRange, $"The range {first}-{last} runs backwards.");
            return null;
        }

        return new PortRange(first, last);
    }

    private static bool TryPort(string digits, out ushort port) =>
        ushort.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port)
        && (digits.Length == 1 || digits[0] != '0');
}
