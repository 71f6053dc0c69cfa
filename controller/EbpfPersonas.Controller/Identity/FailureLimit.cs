using System.Net;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// Counts what was refused, for each address: <see cref="Max"/> in a minute are told and recorded one by one, those
/// beyond only as a number. Who is in the right is never held up by it. For several threads.
/// </summary>
internal sealed class FailureLimit(TimeProvider time)
{
    /// <summary>Refusals of one address in one <see cref="Window"/>; who takes the wrong token needs a few.</summary>
    public const int Max = 20;

    /// <summary>
    /// Addresses that are told apart at a time, some 100 octets each; those that come when it is full count as one.
    /// </summary>
    public const int MaxAddresses = 4096;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Count> _counts = [];

    /// <summary>Counts a refusal; false where the address has had too many.</summary>
    public bool Add(IPAddress? source, string action)
    {
        var key = Key(source ?? IPAddress.None);
        lock (_lock)
        {
            if (!_counts.TryGetValue(key, out var count) && _counts.Count >= MaxAddresses)
            {
                key = IPAddress.None;
                _counts.TryGetValue(key, out count);
            }

            if (count is null || IsOver(count))
            {
                // Where its window is over and was not yet reported, its number goes on in the new one.
                _counts[key] = count = new Count(time.GetTimestamp(), action) { Beyond = count?.Beyond ?? 0 };
            }

            if (++count.Refused <= Max)
            {
                return true;
            }

            count.Beyond++;
            return false;
        }
    }

    /// <summary>
    /// Forgets the windows that are over, or all, and gives those that had more than <see cref="Max"/>: the address
    /// (None where it stands for several), what was asked for first, and how many were not told one by one.
    /// </summary>
    public IReadOnlyList<(IPAddress Source, string Action, int Beyond)> TakeEnded(bool all = false)
    {
        lock (_lock)
        {
            var ended = _counts.Where(pair => all || IsOver(pair.Value)).ToArray();
            foreach (var (source, _) in ended)
            {
                _counts.Remove(source);
            }

            return [.. ended.Where(pair => pair.Value.Beyond > 0)
                .Select(pair => (pair.Key, pair.Value.Action, pair.Value.Beyond))];
        }
    }

    /// <summary>A network of IPv6 is one host's, whose addresses it makes up.</summary>
    private static IPAddress Key(IPAddress source)
    {
        if (source.IsIPv4MappedToIPv6)
        {
            return source.MapToIPv4();
        }

        var bytes = source.GetAddressBytes();
        if (bytes.Length == 16)
        {
            bytes.AsSpan(8).Clear();
        }

        return new IPAddress(bytes);
    }

    private bool IsOver(Count count) => time.GetElapsedTime(count.Since) >= Window;

    private sealed class Count(long since, string action)
    {
        public long Since => since;

        public string Action => action;

        public int Refused { get; set; }

        public int Beyond { get; set; }
    }
}
