using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>The compiled BPF objects that the agent carries in itself.</summary>
public static class BpfImages
{
    /// <summary>The packet filter.</summary>
    public static byte[] Filter() => Read("filter.bpf.o");

    /// <summary>
    /// The filter that <paramref name="options"/> want, sized and not loaded; throws <see cref="BpfException"/>.
    /// </summary>
    public static BpfObject OpenFilter(DataplaneOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var filter = BpfObject.Open(options.FilterImage is { } image ? image.Span : Filter(), "filter");
        try
        {
            FlowTables.Configure(filter, options.Conntrack);
            filter.Map("policy_lines").MaxEntries = (uint)options.LineCapacity + PersonaSlots.NoPersonaLines;
            RuleCounters.Size(filter, (uint)options.RuleCapacity);
            filter.SetConstant("tick_ns", (uint)KernelTick.Length.TotalNanoseconds);
            filter.SetConstant("reject_rate", options.RejectRate);
            filter.SetConstant("reject_burst", options.RejectBurst);
            return filter;
        }
        catch
        {
            filter.Dispose();
            throw;
        }
    }

    /// <summary>The object of this file name; throws <see cref="FileNotFoundException"/>.</summary>
    public static byte[] Read(string name)
    {
        using var stream = typeof(BpfImages).Assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"The agent was built without {name}.", name);
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }

    /// <summary>File names of all of them.</summary>
    public static IEnumerable<string> Names =>
        typeof(BpfImages).Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".bpf.o", StringComparison.Ordinal))
            .Order();
}
