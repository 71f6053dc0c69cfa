using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>Draws prefixes of one family that are nested, as the networks of organisations are.</summary>
public sealed class PrefixTree(bool isV6)
{
    /// <summary>Looks for a shorter prefix to nest in; then the new one stands alone.</summary>
    private const int Attempts = 4;

    private readonly List<Prefix> _drawn = [];

    /// <summary>All drawn so far, repetitions included.</summary>
    public IReadOnlyList<Prefix> Drawn => _drawn;

    /// <summary>
    /// A prefix of <paramref name="length"/>, with a chance of <paramref name="nested"/> percent inside one that was
    /// drawn before.
    /// </summary>
    public Prefix Draw(Prng random, int length, int nested)
    {
        ArgumentNullException.ThrowIfNull(random);
        var outer = random.Chance(nested) ? Shorter(random, length) : null;
        var prefix = new Prefix(AddressSpace.Inside(random, outer ?? new Prefix(new IpAddress(isV6, 0), 0)), length);
        _drawn.Add(prefix);
        return prefix;
    }

    private Prefix? Shorter(Prng random, int length)
    {
        for (var i = 0; i < Attempts && _drawn.Count > 0; i++)
        {
            var candidate = _drawn[random.Below(_drawn.Count)];
            if (candidate.Length < length && candidate.Length > 0)
            {
                return candidate;
            }
        }

        return null;
    }
}
