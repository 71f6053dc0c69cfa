using System.Diagnostics;
using System.Text.Json;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Benchmarks.Stack;

/// <summary>
/// A network namespace for one configuration: what arrives on its loopback interface passes the filter under test and
/// ends in a blackhole route, so that nothing but the filter differs.
/// </summary>
internal sealed class StackHost(LabHost host)
{
    private const int LoopbackIndex = 1;

    /// <summary>Behind every hook that a filter under test has: sees what they let pass.</summary>
    private const string Count = """
        table inet arrivals {
          counter arrived { }
          chain arrived {
            type filter hook prerouting priority 300
            iif lo counter name arrived
          }
        }

        """;

    // Without forwarding the stack would answer each packet with an ICMP error.
    private const string Settings = """
        set -e
        echo 1 > /proc/sys/net/ipv4/ip_forward
        echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
        echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
        echo 0 > /proc/sys/net/ipv4/conf/lo/rp_filter
        ip route add blackhole default
        ip -6 route add blackhole default
        """;

    // What arrives leaves again, by an interface that swallows it.
    private const string ForwardingSettings = """
        ip link add sink type dummy
        ip link set sink up
        ip address add 203.0.113.1/24 dev sink
        ip neighbour add 203.0.113.2 lladdr 02:00:00:00:00:02 dev sink nud permanent
        ip route replace default via 203.0.113.2
        """;

    public static async Task<StackHost> AddAsync(Lab lab)
    {
        var host = await lab.AddHostAsync($"lane{lab.Hosts.Count}");
        await host.RunAsync("sh", "-c", Settings);
        return new StackHost(host);
    }

    /// <summary>One whose IPv4 packets go on, out of the interface "sink".</summary>
    public static async Task<StackHost> AddForwardingAsync(Lab lab)
    {
        var added = await AddAsync(lab);
        await added.RunAsync(ForwardingSettings);
        return added;
    }

    /// <summary>Hangs a program on the ingress of the loopback interface.</summary>
    public IDisposable Attach(BpfProgram program) =>
        host.RunInside(() => program.AttachTcx(LoopbackIndex, ingress: true));

    /// <summary>Hangs a program on the egress of "sink".</summary>
    public async Task<IDisposable> AttachToSinkAsync(BpfProgram program)
    {
        var sink = await host.InterfaceIndexAsync("sink");
        return host.RunInside(() => program.AttachTcx(sink, ingress: false));
    }

    public Task RunAsync(string script) => host.RunAsync("sh", "-c", "set -e\n" + script);

    /// <summary>
    /// Loads a script of a peer; gives the milliseconds that its program ran. Throws with what it says where it fails.
    /// </summary>
    public Task<double> LoadAsync(IReadOnlyList<string> program, string script) => RunWithFileAsync(program, script);

    public double Send(LiveFrames frames, int count) => frames.Send(host, count);

    /// <summary>How many of so many frames come through.</summary>
    public async Task<long> CountArrivalsAsync(LiveFrames frames, int count)
    {
        await RunWithFileAsync(["nft", "-f"], Count);
        frames.Rewind();
        Send(frames, count);
        using var counter =
            JsonDocument.Parse(await host.RunAsync("nft", "-j", "list", "counter", "inet", "arrivals", "arrived"));
        await host.RunAsync("nft", "delete", "table", "inet", "arrivals");
        return counter.RootElement.GetProperty("nftables").EnumerateArray()
            .Single(entry => entry.TryGetProperty("counter", out _))
            .GetProperty("counter").GetProperty("packets").GetInt64();
    }

    private async Task<double> RunWithFileAsync(IReadOnlyList<string> program, string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text);
            var start = Stopwatch.GetTimestamp();
            await host.RunAsync(program[0], [.. program.Skip(1), file]);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
