using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>What the kernel does with packets where no agent can be asked: read from what agents left.</summary>
/// <param name="Filters">Every interface but loopback, and what hangs there.</param>
/// <param name="Maps">What the pinned maps say; null where none are, or <paramref name="Unreadable"/>.</param>
/// <param name="Unreadable">Why the kernel could not be asked; null where it was.</param>
internal sealed record KernelReport(IReadOnlyList<HangingFilter> Filters, PinnedReading? Maps, string? Unreadable)
{
    /// <summary>Whether a filter judges packets.</summary>
    public bool Enforced => Filters.Any(filter => filter.Ingress is not null || filter.Egress is not null);

    /// <summary>Of this network namespace; <paramref name="pinDirectory"/> is null where nothing is pinned.</summary>
    public static KernelReport Read(string? pinDirectory)
    {
        var filters = Array.Empty<HangingFilter>() as IReadOnlyList<HangingFilter>;
        try
        {
            filters = HangingFilters.Read(pinDirectory is null ? null : LayoutPins.LinksIn(pinDirectory));
            return new KernelReport(
                filters, pinDirectory is null ? null : PinnedDataplane.Read(pinDirectory), Unreadable: null);
        }
        catch (Exception failure) when (failure is BpfException or IOException)
        {
            return new KernelReport(filters, Maps: null, failure.Message);
        }
    }
}
