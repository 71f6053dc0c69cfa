using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>Makes what shows a difference as small as it can be while it still shows it.</summary>
public static class Shrinker
{
    /// <summary>
    /// Takes away rules, many at once and then one by one, and peers, exceptions, ports and marks, until none can go.
    /// </summary>
    public static Persona Shrink(Persona persona, Func<Persona, bool> stillDiffers)
    {
        ArgumentNullException.ThrowIfNull(persona);
        ArgumentNullException.ThrowIfNull(stillDiffers);
        var smaller = persona with
        {
            Rules = Shrink(persona.Rules, fewer => stillDiffers(persona with { Rules = fewer })),
        };
        while (Smaller(smaller).FirstOrDefault(stillDiffers) is { } found)
        {
            smaller = found;
        }

        return smaller;
    }

    /// <summary>
    /// Takes away runs of steps, half of them first, then shorter ones, until none can go; the last are tried first.
    /// </summary>
    public static ImmutableArray<T> Shrink<T>(ImmutableArray<T> steps, Func<ImmutableArray<T>, bool> stillDiffers)
    {
        ArgumentNullException.ThrowIfNull(stillDiffers);
        for (var run = steps.Length / 2; run > 1; run /= 2)
        {
            for (var start = steps.Length - run; start >= 0; start -= run)
            {
                var without = steps.RemoveRange(start, run);
                if (stillDiffers(without))
                {
                    steps = without;
                }
            }
        }

        for (var i = steps.Length - 1; i >= 0; i--)
        {
            var without = steps.RemoveAt(i);
            if (stillDiffers(without))
            {
                // What goes may make more behind it superfluous.
                steps = without;
                i = Math.Min(i + 1, steps.Length);
            }
        }

        return steps;
    }

    private static IEnumerable<Persona> Smaller(Persona persona)
    {
        for (var i = 0; i < persona.Rules.Length; i++)
        {
            yield return persona with { Rules = persona.Rules.RemoveAt(i) };
        }

        if (persona.Mode == EnforcementMode.Audit)
        {
            yield return persona with { Mode = EnforcementMode.Enforce };
        }

        for (var i = 0; i < persona.Rules.Length; i++)
        {
            foreach (var rule in Smaller(persona.Rules[i]))
            {
                yield return persona with { Rules = persona.Rules.SetItem(i, rule) };
            }
        }
    }

    private static IEnumerable<Rule> Smaller(Rule rule)
    {
        foreach (var peers in Smaller(rule.Peers))
        {
            // An exception outside the peers is no document that would be accepted.
            yield return rule with
            {
                Peers = peers,
                Except = [.. rule.Except.Where(except => peers.IsEmpty || peers.Any(peer => peer.Contains(except)))],
            };
        }

        foreach (var except in Smaller(rule.Except))
        {
            yield return rule with { Except = except };
        }

        foreach (var ports in Smaller(rule.Ports))
        {
            yield return rule with { Ports = ports };
        }

        if (rule.Icmp is not null)
        {
            yield return rule with { Icmp = null };
        }

        if (rule.Mode == EnforcementMode.Audit)
        {
            yield return rule with { Mode = EnforcementMode.Enforce };
        }
    }

    private static IEnumerable<ImmutableArray<T>> Smaller<T>(ImmutableArray<T> items) =>
        items.Select((_, i) => items.RemoveAt(i));
}
