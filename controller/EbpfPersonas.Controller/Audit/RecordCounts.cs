using System.Net;
using System.Net.Sockets;

namespace EbpfPersonas.Controller.Audit;

/// <summary>
/// Counts what somebody does again and again: of each kind <see cref="Max"/> records in a minute are written one by
/// one, and those beyond become one record with their number. A kind is what has the same actor and ended alike; of
/// strangers, what comes from the same address. For several threads.
/// </summary>
internal sealed class RecordCounts(TimeProvider time)
{
    /// <summary>Records of one kind in one <see cref="Window"/>; who takes the wrong token needs a few.</summary>
    public const int Max = 20;

    /// <summary>
    /// Kinds that are told apart at a time, some 300 octets each; those that come when it is full count as one.
    /// </summary>
    public const int MaxKinds = 4096;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private const string Others = "others";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Count> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts a record; false where there were too many of its kind to write this one.</summary>
    public bool Add(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_lock)
        {
            var count = CountOf(KindOf(entry), entry);
            if (++count.Records <= Max)
            {
                return true;
            }

            count.Beyond++;
            return false;
        }
    }

    /// <summary>Whether no record more of strangers at this address would be written at this moment.</summary>
    public bool IsSpent(IPAddress? address)
    {
        lock (_lock)
        {
            return _counts.TryGetValue(KindOf(address), out var count) && count.Records >= Max && !IsOver(count);
        }
    }

    /// <summary>
    /// Forgets the windows that are over, or all, and gives the records of those that had more than <see cref="Max"/>.
    /// </summary>
    public IReadOnlyList<(AuditEntry First, int Beyond)> TakeEnded(bool all = false)
    {
        lock (_lock)
        {
            var ended = _counts.Where(pair => all || IsOver(pair.Value)).ToArray();
            foreach (var (kind, _) in ended)
            {
                _counts.Remove(kind);
            }

            return [.. ended.Where(pair => pair.Value.Beyond > 0)
                .Select(pair => (pair.Value.First, pair.Value.Beyond))];
        }
    }

    /// <summary>Takes a number back that could not be written.</summary>
    public void PutBack(AuditEntry first, int beyond)
    {
        ArgumentNullException.ThrowIfNull(first);
        lock (_lock)
        {
            CountOf(KindOf(first), first).Beyond += beyond;
        }
    }

    private static string KindOf(AuditEntry entry) => entry.Actor != AuditEntry.Stranger
        ? $"{entry.Tenant} {entry.Actor} {entry.IsRefusal}"
        : KindOf(IPAddress.TryParse(entry.Source, out var address) ? address : null);

    /// <summary>A network of IPv6, which is one host's, or an address of IPv4.</summary>
    private static string KindOf(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        return address is { AddressFamily: AddressFamily.InterNetworkV6 }
            ? new IPAddress([.. address.GetAddressBytes()[..8], .. new byte[8]]) + "/64"
            : address?.ToString() ?? "";
    }

    private Count CountOf(string kind, AuditEntry entry)
    {
        if (!_counts.TryGetValue(kind, out var count) && _counts.Count >= MaxKinds)
        {
            kind = Others;
            entry = new AuditEntry
            {
                Actor = AuditEntry.Stranger,
                Action = entry.Action,
                Target = "",
                Source = "several",
                Result = entry.Result,
            };
            _counts.TryGetValue(kind, out count);
        }

        if (count is null || IsOver(count))
        {
            // Where its window is over and was not yet reported, its number goes on in the new one.
            _counts[kind] = count = new Count(time.GetTimestamp(), entry) { Beyond = count?.Beyond ?? 0 };
        }

        return count;
    }

    private bool IsOver(Count count) => time.GetElapsedTime(count.Since) >= Window;

    private sealed class Count(long since, AuditEntry first)
    {
        public long Since => since;

        public AuditEntry First => first;

        public int Records { get; set; }

        public int Beyond { get; set; }
    }
}
