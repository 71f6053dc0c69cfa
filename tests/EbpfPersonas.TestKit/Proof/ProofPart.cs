using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// A part of a proof that stands by itself: from its seed come the same personas and packets every time, whatever ran
/// before and beside it.
/// </summary>
public abstract class ProofPart
{
    /// <summary>Its place in the plan.</summary>
    public int Number { get; internal set; }

    /// <summary>Where its random numbers start.</summary>
    public ulong Seed { get; set; }

    /// <summary>What kind of rule sets it is about: a word for tables.</summary>
    public abstract string Kind { get; }

    /// <summary>How many it compares at least.</summary>
    public abstract long Packets { get; }

    /// <summary>How long it takes beside others, roughly, in rules that the reference looks at.</summary>
    public abstract long Weight { get; }

    /// <summary>
    /// Compares kernel and reference, and tallies what was the same; ends at the first difference, which it makes as
    /// small as can be. Half of the parts come in by a link that is not known as Ethernet, whose frames the filter
    /// reads by other code.
    /// </summary>
    public ProofDifference? Run(KernelFilter filter, ProofTally tally)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(tally);
        try
        {
            filter.KnowsEthernet(Seed % 2 == 0);
            return Compare(filter, tally);
        }
        finally
        {
            filter.KnowsEthernet(true);
        }
    }

    /// <summary>As <see cref="Run"/>.</summary>
    protected abstract ProofDifference? Compare(KernelFilter filter, ProofTally tally);
}
