using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads <c>activation_trigger</c>: leaves that must hold together, and the combinators over them.</summary>
internal static partial class TriggerReader
{
    private static readonly string[] Evaluated =
        ["process_name", "process_path", "user", "parent_process", "schedule", "any_of", "all_of", "not"];

    private static readonly string[] NotEvaluated = ["connection", "listen_port", "api_call", "data_type"];

    private static readonly string[] Known = [.. Evaluated, .. NotEvaluated];

    public static TriggerDocument? Read(Field field)
    {
        if (field.Object(Known) is not { } members)
        {
            return null;
        }

        if (members.IsEmpty)
        {
            field.Error(FindingCode.Empty, "A trigger without any condition is always or never true. Leave " +
                "activation_trigger out instead.");
        }

        foreach (var member in members.Present(NotEvaluated))
        {
            member.NotEnforcedYet("this version does not evaluate it: the trigger never fires.");
        }

        return new TriggerDocument
        {
            ProcessName = members["process_name"] is { } name ? ReadProcessName(name) : null,
            ProcessPath = members["process_path"] is { } path ? Vocabulary.ExecutablePath(path) : null,
            User = members["user"] is { } user ? Vocabulary.Account(user) : null,
            ParentProcess = members["parent_process"] is { } parent ? ReadParent(parent) : null,
            Connection = members["connection"] is { } connection ? ReadConnection(connection) : null,
            ListenPort = (int?)members["listen_port"]?.Integer(1, ushort.MaxValue),
            ApiCall = members["api_call"] is { } call ? ReadApiCall(call) : null,
            DataType = members["data_type"] is { } type ? ReadDataType(type) : null,
            Schedule = members["schedule"] is { } schedule ? ScheduleReader.Read(schedule) : null,
            AnyOf = members["any_of"] is { } any ? ReadList(any) : [],
            AllOf = members["all_of"] is { } all ? ReadList(all) : [],
            Not = members["not"] is { } not ? Read(not) : null,
        };
    }

    private static ImmutableArray<TriggerDocument> ReadList(Field field) =>
        [.. (field.NonEmptyList(64) ?? []).Select(Read).OfType<TriggerDocument>()];

    private static string? ReadProcessName(Field field)
    {
        if (ReadProgram(field) is not { } name)
        {
            return null;
        }

        if (name.Contains('/', StringComparison.Ordinal))
        {
            field.Error(FindingCode.BadValue, $"{Printable.Quote(name)} is a path. Write it as process_path, or the " +
                $"part after the last '/'.");
            return null;
        }

        field.Warn(FindingCode.ForgeableTrigger,
            "Any user can run a program, or make a link, of this name. Prefer process_path, or add user.");
        return name;
    }

    /// <summary>A program's name, or its absolute path.</summary>
    private static string? ReadParent(Field field)
    {
        if (ReadProgram(field) is not { } program)
        {
            return null;
        }

        if (program.Contains('/', StringComparison.Ordinal))
        {
            return Vocabulary.ExecutablePath(field);
        }

        field.Warn(FindingCode.ForgeableTrigger,
            "Any user can run a parent, or make a link to one, of this name. Prefer its path, or add user.");
        return program;
    }

    /// <summary>
    /// A program's name or path. The kernel's NAME_MAX is 255 bytes, and no name is "." or "..".
    /// </summary>
    private static string? ReadProgram(Field field)
    {
        if (field.Text(4096) is not { } text)
        {
            return null;
        }

        if (text.Contains('/', StringComparison.Ordinal))
        {
            return text;
        }

        if (text is "." or ".." || Encoding.UTF8.GetByteCount(text) > 255)
        {
            field.Error(FindingCode.BadValue, $"{Printable.Quote(text)} cannot be the name of a file.");
            return null;
        }

        return text;
    }

    private static ConnectionTrigger? ReadConnection(Field field)
    {
        if (Conditions(field, "direction", "protocol", "port", "peer") is not { } members)
        {
            return null;
        }

        var protocol = members["protocol"] is { } number ? Vocabulary.Protocol(number) : null;
        var peers = members["peer"] is { } peer ? PeerReader.Read(peer) : null;
        return new ConnectionTrigger(
            members["direction"] is { } direction ? Vocabulary.Direction(direction) : null,
            protocol is >= 0 and { } known ? (byte)known : null,
            members["port"] is { } port ? Vocabulary.Port(port) : null,
            [.. (peers ?? []).Select(item => item.Prefix)]);
    }

    private static ApiCallTrigger? ReadApiCall(Field field)
    {
        if (Conditions(field, "method", "path_prefix", "host", "direction") is not { } members)
        {
            return null;
        }

        return new ApiCallTrigger(
            members["method"] is { } method ? Matching(method, MethodPattern(), "an HTTP method such as GET") : null,
            members["path_prefix"] is { } path ? Matching(path, PathPattern(), "a path that begins with '/'") : null,
            members["host"] is { } host ? Vocabulary.HostName(host) : null,
            members["direction"] is { } direction ? Vocabulary.Direction(direction) : null);
    }

    private static string? ReadDataType(Field field) =>
        Matching(field, DataTypePattern(), "a data type such as \"mysql\" or \"application/json\"");

    private static Members? Conditions(Field field, params ReadOnlySpan<string> known)
    {
        if (field.Object(known) is not { } members)
        {
            return null;
        }

        if (members.IsEmpty)
        {
            field.Error(FindingCode.Empty, "No condition is given.");
        }

        return members;
    }

    private static string? Matching(Field field, Regex pattern, string what)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (pattern.IsMatch(text))
        {
            return text;
        }

        field.Error(FindingCode.BadValue, $"{Printable.Quote(text)} is not {what}.");
        return null;
    }

    [GeneratedRegex(@"\A[A-Z]{1,20}\z")]
    private static partial Regex MethodPattern();

    [GeneratedRegex(@"\A/[!-~]*\z")]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.+-]*(/[a-z0-9][a-z0-9.+-]*)?\z")]
    private static partial Regex DataTypePattern();
}
