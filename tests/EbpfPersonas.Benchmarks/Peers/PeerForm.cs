using System.Collections.Immutable;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>
/// One way of saying a rule set to another packet filter: <paramref name="Script"/> writes what <paramref name="Load"/>
/// (program and arguments before the file's name) reads. All of them drop what no rule allows.
/// </summary>
/// <remarks>
/// Hooks: nftables hangs on the netdev ingress hook of the interface, which the stack calls right behind tcx and before
/// it knows of IP: the same place as ours, and the cheapest that nftables has. iptables has no hook so early; it gets
/// its earliest, the raw table's PREROUTING chain. Both run without their conntrack.
/// </remarks>
internal sealed record PeerForm(
    string Name, int MaxRules, ImmutableArray<string> Load, Func<IReadOnlyList<PeerRule>, bool, string> Script)
{
    private const int Any = int.MaxValue;

    private static readonly ImmutableArray<string> Nft = ["nft", "-f"];

    /// <summary>The best form that can say any rule set: concatenated ranges, looked up at once.</summary>
    public static PeerForm NftMaps { get; } = new("nft concat+interval maps", Any, Nft, NftMapScript.Write);

    /// <summary>An interval map from the address to a chain with the few rules that hold there.</summary>
    public static PeerForm NftChains { get; } = new("nft address map to chains", Any, Nft, NftChainScript.Write);

    /// <summary>Rule by rule.</summary>
    public static PeerForm NftLinear { get; } = new("nft linear", 1000, Nft, NftLinearScript.Write);

    /// <summary>A hash of exact values; for sets of such rules only.</summary>
    public static PeerForm NftHash { get; } = new("nft exact hash", Any, Nft, NftHashScript.Write);

    /// <summary>Rule by rule, in the xtables of the kernel (not iptables' translation to nftables).</summary>
    public static PeerForm IptablesV4 { get; } =
        new("iptables linear", 10_000, ["iptables-legacy-restore"], IptablesScript.Write);

    /// <summary>As <see cref="IptablesV4"/>.</summary>
    public static PeerForm IptablesV6 { get; } =
        new("ip6tables linear", 10_000, ["ip6tables-legacy-restore"], IptablesScript.Write);
}
