using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads addresses: a CIDR, a bare IP, "any", or a list of them.</summary>
internal static class PeerReader
{
    /// <summary>RFC 4291 section 2.5.5.2.</summary>
    private static readonly Prefix Mapped = new(IpAddress.Parse("::ffff:0:0"), 96);

    /// <summary>The prefixes with their places; empty is every address; null after an error.</summary>
    public static ImmutableArray<(Prefix Prefix, Field Field)>? Read(Field field)
    {
        if (!field.IsList)
        {
            return ReadOne(field, out var any) is { } only ? [(only, field)] : any ? [] : null;
        }

        if (field.NonEmptyList() is not { } items)
        {
            return null;
        }

        var prefixes = ImmutableArray.CreateBuilder<(Prefix, Field)>(items.Count);
        var (anywhere, failed) = (false, items.Count == 0);
        foreach (var item in items)
        {
            if (ReadOne(item, out var any) is { } prefix)
            {
                prefixes.Add((prefix, item));
            }
            else
            {
                anywhere |= any;
                failed |= !any;
            }
        }

        if (anywhere && items.Count > 1)
        {
            field.Warn(FindingCode.Redundant, "\"any\" makes the other addresses of this list redundant.");
        }

        return failed ? null : anywhere ? [] : prefixes.ToImmutable();
    }

    /// <summary>The list of <c>except</c>; each must lie inside a peer.</summary>
    public static ImmutableArray<Prefix> ReadExcept(Field field, ImmutableArray<(Prefix Prefix, Field Field)> peers)
    {
        var except = ImmutableArray.CreateBuilder<Prefix>();
        foreach (var item in field.List() ?? [])
        {
            if (ReadPrefix(item) is not { } prefix)
            {
                continue;
            }

            if (!peers.IsEmpty && !peers.Any(peer => peer.Prefix.Contains(prefix)))
            {
                item.Error(FindingCode.ExceptOutsidePeer, $"{prefix} does not lie inside the peer of the rule.");
            }

            except.Add(prefix);
        }

        return except.ToImmutable();
    }

    /// <summary>One CIDR or bare IP, or null after an error.</summary>
    public static Prefix? ReadPrefix(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (text.Contains('%', StringComparison.Ordinal))
        {
            field.Error(FindingCode.ZoneId, $"{Printable.Quote(text)} has a zone id, which means something on one " +
                $"machine only.");
            return null;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IpAddress.TryParse(slash < 0 ? text : text[..slash], out var address))
        {
            field.Error(FindingCode.BadAddress, $"{Printable.Quote(text)} is neither an IP address nor a CIDR.");
            return null;
        }

        var length = slash < 0 ? address.Width : ReadLength(text[(slash + 1)..]);
        if (length < 0 || length > address.Width)
        {
            field.Error(FindingCode.BadAddress, $"{Printable.Quote(text)}: the prefix length is a number from 0 to " +
                $"{address.Width}.");
            return null;
        }

        var prefix = new Prefix(address, length);
        if (Mapped.Contains(prefix))
        {
            field.Error(FindingCode.MappedAddress,
                $"{Printable.Quote(text)} is IPv4 mapped into IPv6, which is never seen on the wire. Write the IPv4 " +
                $"form.");
            return null;
        }

        if (prefix.Address != address)
        {
            field.Warn(FindingCode.HostBits, $"{Printable.Quote(text)} has host bits set. It is read as {prefix}.");
        }

        return prefix;
    }

    private static Prefix? ReadOne(Field field, out bool any)
    {
        any = field.IsText && field.IsExactly("any");
        return any ? null : ReadPrefix(field);
    }

    /// <summary>A number without sign and leading zero, or -1.</summary>
    private static int ReadLength(string digits) =>
        digits.Length is 1 or 2 or 3 && digits.All(char.IsAsciiDigit) && (digits.Length == 1 || digits[0] != '0')
            ? int.Parse(digits, CultureInfo.InvariantCulture)
            : -1;
}
