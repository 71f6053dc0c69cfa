using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// A set of numbers as intervals, both ends included: sorted, disjoint, and never touching, so that equal sets have
/// equal intervals.
/// </summary>
internal sealed class IntervalSet : IEquatable<IntervalSet>
{
    private readonly ImmutableArray<(UInt128 First, UInt128 Last)> _intervals;

    private IntervalSet(ImmutableArray<(UInt128 First, UInt128 Last)> intervals) => _intervals = intervals;

    public IEnumerable<(UInt128 First, UInt128 Last)> Intervals => _intervals;

    public int Count => _intervals.Length;

    public bool IsEmpty => _intervals.IsEmpty;

    /// <summary>The lowest number of a set that is not empty.</summary>
    public UInt128 First => _intervals[0].First;

    /// <summary>Everything that is in one of <paramref name="intervals"/>, which may overlap.</summary>
    public static IntervalSet Union(IEnumerable<(UInt128 First, UInt128 Last)> intervals)
    {
        var merged = ImmutableArray.CreateBuilder<(UInt128 First, UInt128 Last)>();
        foreach (var (first, last) in intervals.Order())
        {
            if (merged.Count > 0 && (first <= merged[^1].Last || first - 1 == merged[^1].Last))
            {
                merged[^1] = (merged[^1].First, UInt128.Max(merged[^1].Last, last));
            }
            else
            {
                merged.Add((first, last));
            }
        }

        return new IntervalSet(merged.ToImmutable());
    }

    /// <summary>What is in this set and not in <paramref name="other"/>.</summary>
    public IntervalSet Except(IntervalSet other)
    {
        var rest = ImmutableArray.CreateBuilder<(UInt128 First, UInt128 Last)>();
        var cut = 0;
        foreach (var interval in _intervals)
        {
            var (first, last) = interval;
            while (cut < other.Count && other._intervals[cut].Last < first)
            {
                cut++;
            }

            var isUsedUp = false;
            for (; cut < other.Count && other._intervals[cut].First <= last; cut++)
            {
                if (other._intervals[cut].First > first)
                {
                    rest.Add((first, other._intervals[cut].First - 1));
                }

                if (other._intervals[cut].Last >= last)
                {
                    isUsedUp = true;
                    break;
                }

                first = other._intervals[cut].Last + 1;
            }

            if (!isUsedUp)
            {
                rest.Add((first, last));
            }
        }

        return new IntervalSet(rest.ToImmutable());
    }

    /// <summary>Whether all of <paramref name="inner"/> is in this set.</summary>
    public bool Contains(IntervalSet inner)
    {
        foreach (var (first, last) in inner._intervals)
        {
            var found = _intervals.BinarySearch((first, UInt128.MaxValue));
            var before = found >= 0 ? found : ~found - 1;
            if (before < 0 || _intervals[before].Last < last)
            {
                return false;
            }
        }

        return true;
    }

    public bool Equals(IntervalSet? other) =>
        other is not null && _intervals.AsSpan().SequenceEqual(other._intervals.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as IntervalSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var interval in _intervals)
        {
            hash.Add(interval);
        }

        return hash.ToHashCode();
    }
}
