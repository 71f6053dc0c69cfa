using System.Text.RegularExpressions;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Units;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads <c>resource_limits</c>.</summary>
internal static partial class ResourceLimitsReader
{
    private static readonly string[] Known =
        ["cpu", "memory", "memory_high", "pids", "bandwidth", "storage", "io", "on_exceed"];

    public static ResourceLimitsDocument? Read(Field field)
    {
        if (field.Object(Known) is not { } members)
        {
            return null;
        }

        foreach (var member in members.Present(Known))
        {
            member.NotEnforcedYet();
        }

        var memory = members["memory"] is { } most ? Vocabulary.Bytes(most) : null;
        var high = members["memory_high"] is { } soft ? Vocabulary.Bytes(soft) : null;
        if (high > memory)
        {
            members["memory_high"]!.Value.Error(
                FindingCode.Conflict, "memory_high is above memory and would never be reached.");
        }

        return new ResourceLimitsDocument(
            members["cpu"] is { } cpu ? ReadCpu(cpu) : null,
            memory,
            high,
            // The kernel's PID_MAX_LIMIT on 64-bit machines.
            members["pids"]?.Integer(1, 4_194_304),
            members["bandwidth"] is { } bandwidth ? Vocabulary.BitsPerSecond(bandwidth) : null,
            members["storage"] is { } storage ? Vocabulary.Bytes(storage) : null,
            [.. (members["io"]?.List(64) ?? []).Select(ReadIo).OfType<IoLimit>()],
            members["on_exceed"]?.Word(("stage", false), ("force", true)) ?? false);
    }

    private static long? ReadCpu(Field field)
    {
        var text = field.IsNumber ? field.RawNumber : field.Text();
        if (text is null)
        {
            return null;
        }

        if (CpuQuota.TryParse(text, out var millicores))
        {
            return millicores;
        }

        field.Error(
            FindingCode.BadUnit, $"{Printable.Quote(text)} is not an amount of processor time: {CpuQuota.Forms}.");
        return null;
    }

    private static IoLimit? ReadIo(Field field)
    {
        if (field.Object("device", "read_bps", "write_bps", "read_iops", "write_iops") is not { } members)
        {
            return null;
        }

        if (!members.Present("read_bps", "write_bps", "read_iops", "write_iops").Any())
        {
            field.Error(FindingCode.Empty, "No limit is given for this device.");
        }

        return members.Require("device") is { } device && ReadDevice(device) is { } path
            ? new IoLimit(
                path,
                members["read_bps"] is { } read ? Vocabulary.Bytes(read) : null,
                members["write_bps"] is { } write ? Vocabulary.Bytes(write) : null,
                members["read_iops"]?.Integer(1, 1_000_000_000),
                members["write_iops"]?.Integer(1, 1_000_000_000))
            : null;
    }

    private static string? ReadDevice(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (DevicePattern().IsMatch(text))
        {
            return text;
        }

        field.Error(FindingCode.BadValue, $"{Printable.Quote(text)} is neither a device such as \"/dev/vda\" nor " +
            "its numbers such as \"254:0\".");
        return null;
    }

    [GeneratedRegex(@"\A(/dev/[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*|[0-9]{1,4}:[0-9]{1,7})\z")]
    private static partial Regex DevicePattern();
}
