using System.Collections.Immutable;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>Every kind of rule set.</summary>
public static class RuleSetCatalog
{
    /// <summary>What the targets for speed are stated for.</summary>
    public static RuleSetKind Mixed { get; } = new MixedRules();

    /// <summary>What a hash table can say, too.</summary>
    public static RuleSetKind Exact { get; } = new ExactServices();

    /// <summary>In the manner of ClassBench.</summary>
    public static ImmutableArray<RuleSetKind> ClassBench { get; } =
    [
        new ClassBenchRules(ClassBenchFlavour.AccessList),
        new ClassBenchRules(ClassBenchFlavour.Firewall),
        new ClassBenchRules(ClassBenchFlavour.IpChain),
    ];

    /// <summary>Made to be hard: each attacks one way of building a classifier.</summary>
    public static ImmutableArray<RuleSetKind> Adversarial { get; } =
    [
        new PortRangesOnAnywhere(),
        new DeepNesting(),
        new AlternatingOverlaps(),
        new HostsUnderPortRules(),
        new ManyExcepts(),
        new PortLists(),
    ];

    /// <summary>All of them.</summary>
    public static ImmutableArray<RuleSetKind> All { get; } = [Mixed, Exact, .. ClassBench, .. Adversarial];
}
