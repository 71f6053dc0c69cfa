namespace EbpfPersonas.Benchmarks.Measuring;

/// <summary>
/// The results of many short runs of one configuration. The minimum is what the thing costs when nothing disturbs it,
/// and what ratios are made of (Chen and Revels, "Robust benchmarking in noisy environments", 2016); the median says
/// what it cost here.
/// </summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public double Minimum => _values.Min();

    public double Median => Quantile(0.5);

    /// <summary>How far the median is above the minimum, as a share of it.</summary>
    public double Spread => Minimum > 0 ? (Median / Minimum) - 1 : 0;

    /// <summary>
    /// The same configuration against itself: by how much the minimum of every other run differs from that of the runs
    /// between, as a share of it. What a ratio of two configurations cannot be trusted below.
    /// </summary>
    public double SelfDifference
    {
        get
        {
            if (_values.Count < 4)
            {
                return 0;
            }

            var even = _values.Where((_, i) => i % 2 == 0).Min();
            var odd = _values.Where((_, i) => i % 2 == 1).Min();
            return Math.Abs(even - odd) / Math.Max(Math.Min(even, odd), double.Epsilon);
        }
    }

    public void Add(double value) => _values.Add(value);

    /// <summary>The value that this share of all is not above.</summary>
    public double Quantile(double share)
    {
        var sorted = _values.Order().ToArray();
        return sorted[Math.Min((int)(share * sorted.Length), sorted.Length - 1)];
    }
}
