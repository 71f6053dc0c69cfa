using System.Text.RegularExpressions;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Units;

namespace EbpfPersonas.Personas.Reading;

/// <summary>The words, names and numbers that mean the same in every part of a document.</summary>
internal static partial class Vocabulary
{
    /// <summary>What <see cref="Protocol"/> gives for "any".</summary>
    public const int AnyProtocol = -1;

    private const string NameForm = "Names are 1-63 of a-z, 0-9, '_', '.' and '-', beginning and ending with a " +
        "letter or digit";

    /// <summary>The name of a persona, a rule or a set, or null.</summary>
    public static string? Name(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (NamePattern().IsMatch(text))
        {
            return text;
        }

        field.Error(FindingCode.BadName, $"{Printable.Quote(text)} is not a name. {NameForm}.");
        return null;
    }

    /// <summary>Whether <paramref name="text"/> is the name of a persona.</summary>
    public static bool IsName(string text) => NamePattern().IsMatch(text);

    public static Direction? Direction(Field field) => field.Word(
        ("ingress", EbpfPersonas.Personas.Model.Direction.Ingress),
        ("egress", EbpfPersonas.Personas.Model.Direction.Egress));

    public static EnforcementMode? Mode(Field field) =>
        field.Word(("enforce", EnforcementMode.Enforce), ("audit", EnforcementMode.Audit));

    /// <summary>An IANA protocol number, <see cref="AnyProtocol"/>, or null.</summary>
    public static int? Protocol(Field field) => field.IsNumber
        ? (int?)field.Integer(0, byte.MaxValue)
        : field.Word(
            ("tcp", (int)IpProtocol.Tcp), ("udp", IpProtocol.Udp), ("sctp", IpProtocol.Sctp), ("icmp", IpProtocol.Icmp),
            ("icmpv6", IpProtocol.IcmpV6), ("any", AnyProtocol));

    public static ushort? Port(Field field) => (ushort?)field.Integer(0, ushort.MaxValue);

    public static TimeSpan? Duration(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (EbpfPersonas.Personas.Units.Duration.TryParse(text, out var duration))
        {
            return duration;
        }

        field.Error(FindingCode.BadUnit, $"{Printable.Quote(text)} is not a duration: " +
            $"{EbpfPersonas.Personas.Units.Duration.Forms}.");
        return null;
    }

    public static long? Bytes(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (ByteSize.TryParse(text, out var bytes))
        {
            return bytes;
        }

        field.Error(FindingCode.BadUnit, $"{Printable.Quote(text)} is not an amount of bytes: {ByteSize.Forms}.");
        return null;
    }

    public static long? BitsPerSecond(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (Bandwidth.TryParse(text, out var rate))
        {
            return rate;
        }

        field.Error(FindingCode.BadUnit, $"{Printable.Quote(text)} is not a bandwidth: {Bandwidth.Forms}.");
        return null;
    }

    /// <summary>
    /// A DNS name, or with a leading "*." every name below one; or null (RFC 1123 section 2.1, letters in either case).
    /// </summary>
    public static string? HostName(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (HostPattern().IsMatch(text) && text.Length <= 253 && !IpAddress.TryParse(text, out _))
        {
            return text;
        }

        field.Error(FindingCode.BadName, $"{Printable.Quote(text)} is not a host name, nor one after \"*.\".");
        return null;
    }

    /// <summary>The name or the decimal id of a user or group, or null.</summary>
    public static string? Account(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        var numeric = text.All(char.IsAsciiDigit);
        if (numeric ? uint.TryParse(text, out var id) && id != uint.MaxValue
            && (text.Length == 1 || text[0] != '0') : AccountPattern().IsMatch(text))
        {
            return text;
        }

        field.Error(FindingCode.BadName, $"{Printable.Quote(text)} is neither an account's name nor its number.");
        return null;
    }

    /// <summary>
    /// An absolute path without "." and ".." in it, or null; with <paramref name="wildcard"/> it may end with "*".
    /// </summary>
    public static string? ExecutablePath(Field field, bool wildcard = false)
    {
        if (field.Text(4096) is not { } text)
        {
            return null;
        }

        var path = wildcard && text.EndsWith('*') ? text[..^1] + "x" : text;
        if (path is ['/', _, ..] && !path.EndsWith('/') && !path.Contains('*', StringComparison.Ordinal)
            && !path[1..].Split('/').Any(part => part is "" or "." or ".."))
        {
            return text;
        }

        field.Error(FindingCode.BadValue, $"{Printable.Quote(text)} is not the absolute path of a " +
            $"program{(wildcard ? ", exact or with '*' at its end" : "")}.");
        return null;
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9_.-]{0,61}[a-z0-9])?\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(
        @"\A(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)" +
        @"(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\z")]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_.@-]{0,62}\$?\z")]
    private static partial Regex AccountPattern();
}
