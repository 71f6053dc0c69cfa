using System.Globalization;
using System.Text.Json;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.TestKit.Activation;

/// <summary>
/// A peer that has two addresses behind it, counts the first packets that reach them on one port, and swallows them:
/// as nobody answers, each is one packet.
/// </summary>
public sealed class ArrivalCounters
{
    /// <summary>The address that the persona before allows.</summary>
    public const string OldAddress = "10.1.0.1";

    /// <summary>The address that the persona allows whose process comes.</summary>
    public const string NewAddress = "10.2.0.1";

    private const string Counting = """
        table inet arrivals {
          counter udp_old { }
          counter tcp_old { }
          counter udp_new { }
          counter tcp_new { }
          chain arrivals {
            type filter hook prerouting priority -300
            ip daddr 10.1.0.1 udp dport 5000 counter name udp_old drop
            ip daddr 10.1.0.1 tcp dport 5000 counter name tcp_old drop
            ip daddr 10.2.0.1 udp dport 5000 counter name udp_new drop
            ip daddr 10.2.0.1 tcp dport 5000 counter name tcp_new drop
          }
        }
        """;

    private readonly LabHost _peer;

    private ArrivalCounters(LabHost peer) => _peer = peer;

    /// <summary>Routes all of the VM over the peer, whose address nobody has to ask for.</summary>
    public static async Task<ArrivalCounters> AddAsync(LabHost vm, LabHost peer, string peerAddress)
    {
        ArgumentNullException.ThrowIfNull(vm);
        ArgumentNullException.ThrowIfNull(peer);
        await vm.RunAsync("ip", "route", "add", "default", "via", peerAddress);
        var octets = (await peer.HardwareAddressAsync("eth0"))
            .Select(octet => octet.ToString("x2", CultureInfo.InvariantCulture));
        await vm.RunAsync(
            "ip", "neighbour", "replace", peerAddress, "lladdr", string.Join(':', octets), "dev", "eth0",
            "nud", "permanent");
        await peer.RunAsync("nft", Counting);
        return new ArrivalCounters(peer);
    }

    /// <summary>What came since the last call.</summary>
    public async Task<Arrivals> TakeAsync()
    {
        using var listed = JsonDocument.Parse(
            await _peer.RunAsync("nft", "-j", "reset", "counters", "table", "inet", "arrivals"));
        var counts = listed.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(entry => entry.TryGetProperty("counter", out _))
            .Select(entry => entry.GetProperty("counter"))
            .ToDictionary(
                counter => counter.GetProperty("name").GetString()!,
                counter => counter.GetProperty("packets").GetInt64());
        return new Arrivals(counts["udp_old"], counts["tcp_old"], counts["udp_new"], counts["tcp_new"]);
    }
}
