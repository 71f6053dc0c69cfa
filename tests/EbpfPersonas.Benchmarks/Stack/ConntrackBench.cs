using EbpfPersonas.Benchmarks.Hook;
using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Stack;

/// <summary>
/// G2: what the filter with conntrack adds to packets of 1,024 established connections on their way through the network
/// stack, in and out, beside nf_conntrack with one rule that asks it; and to the round trip of an octet over TCP.
/// </summary>
internal sealed class ConntrackBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const double RunMilliseconds = 20;
    private const double ShareOfPacket = 0.20;
    private const double ShareOfPeer = 1.0 / 3;
    private const double RoundTrip = 1.04;
    private const string None = "no filter";
    private const string Ours = "ours";
    private const string Peer = "nf_conntrack and a ct rule";

    private static readonly Persona Everything = new()
    {
        Name = "everything",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [Allow(Direction.Ingress), Allow(Direction.Egress)],
    };

    public async Task RunAsync()
    {
        await MeasurePacketsAsync("in", "prerouting");
        await MeasurePacketsAsync("out", "postrouting");
        await MeasureRoundTripsAsync();
    }

    private async Task MeasurePacketsAsync(string way, string hook)
    {
        report.Progress($"conntrack: 1,024 connections, {way}");
        await using var lab = await Lab.CreateAsync();
        using var datapath = new BenchDatapath(Everything, Room.LinesPerRule);
        using var frames = new LiveFrames(Connections(), isV6: false);
        var leaves = way == "out";
        var none = await AddAsync(lab, leaves);
        var ours = await AddAsync(lab, leaves);
        using var attached = leaves
            ? await ours.AttachToSinkAsync(datapath)
            : ours.Attach(datapath.Program("filter_ingress"));
        var peer = await AddAsync(lab, leaves);
        await peer.RunAsync(NftConntrack(hook));

        ours.Send(frames, Workload.EstablishingPackets);
        datapath.ConfirmFlows();
        var measured = Interleaved.Measure(
            [
                new Lane(None, packets => none.Send(frames, packets)),
                new Lane(Ours, packets => ours.Send(frames, packets)),
                new Lane(Peer, packets => peer.Send(frames, packets)),
            ],
            settings.Rounds, RunMilliseconds, cancellation);
        var words = $"IPv4, 1,024 connections, {way}";
        var added = Row.OfAdded("G2", words, measured[Ours], measured[Peer], measured[None], Peer, ShareOfPeer);
        report.Add(added);
        report.Add(added with
        {
            Peer = measured[None].Minimum,
            PeerMedian = measured[None].Median,
            PeerSpread = measured[None].Spread,
            PeerName = "the whole packet without a filter",
            Target = ShareOfPacket,
        });
    }

    private async Task MeasureRoundTripsAsync()
    {
        report.Progress("conntrack: an octet over TCP and back");
        await using var lab = await Lab.CreateAsync();
        await using var none = await PingPong.CreateAsync(lab, 0);
        await using var ours = await PingPong.CreateAsync(lab, 1);
        await using var peer = await PingPong.CreateAsync(lab, 2);
        using var dataplane = ours.Govern(Everything);
        await peer.RunInVmAsync("nft", "add table inet tracked");
        await peer.RunInVmAsync("nft", NftChain("prerouting"));
        await peer.RunInVmAsync("nft", NftRule("prerouting"));
        PingPong[] pairs = [none, ours, peer];
        foreach (var pair in pairs)
        {
            await pair.ConnectAsync();
        }

        var measured = Interleaved.Measure(
            [
                new Lane(None, none.MedianRoundTrip, PingPong.RoundsMax),
                new Lane(Ours, ours.MedianRoundTrip, PingPong.RoundsMax),
                new Lane(Peer, peer.MedianRoundTrip, PingPong.RoundsMax),
            ],
            settings.Rounds, RunMilliseconds, cancellation);
        const string Words = "round trip of an octet over TCP, median";
        report.Add(Row.Of("G2", Words, measured[Ours], measured[None], None, RoundTrip));
        report.Add(Row.Of("G2", Words, measured[Ours], measured[Peer], Peer));
    }

    private static Task<StackHost> AddAsync(Lab lab, bool leaves) =>
        leaves ? StackHost.AddForwardingAsync(lab) : StackHost.AddAsync(lab);

    /// <summary>Segments in the middle of connections from addresses and ports of their own.</summary>
    private static BenchTuple[] Connections() => BenchTuple.Fill(
        Traffic.Evenly(
            [
                .. Enumerable.Range(0, Workload.ActiveFlows).Select(i => new TrafficTuple(
                    Direction.Ingress, IpProtocol.Tcp, new IpAddress(false, (UInt128)(0x0a000001 + (i * 7))), 443,
                    (ushort)(20000 + i), 0, 0)),
            ],
            BenchTuple.Count, seed: 15),
        TcpControl.Ack);

    /// <summary>The frames have no TCP checksum, which netfilter would find wrong.</summary>
    private static string NftConntrack(string hook) =>
        $"nft 'add table inet tracked' && nft '{NftChain(hook)}' && nft '{NftRule(hook)}'\n"
        + "echo 0 > /proc/sys/net/netfilter/nf_conntrack_checksum";

    private static string NftChain(string hook) =>
        $"add chain inet tracked {hook} {{ type filter hook {hook} priority 0; policy accept; }}";

    private static string NftRule(string hook) =>
        $"add rule inet tracked {hook} ct state established,related,new accept";

    private static Rule Allow(Direction direction) => new()
    {
        Id = $"allow-{direction}",
        Direction = direction,
        Action = RuleAction.Allow,
        List = RuleList.FirewallRules,
        Priority = 500,
    };
}
