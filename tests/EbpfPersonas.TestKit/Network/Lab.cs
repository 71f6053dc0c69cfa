using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// A disposable network: hosts are network namespaces, joined by veth pairs to a bridge in a namespace of its own, so
/// that nothing reaches the machine's interfaces. Needs root and iproute2. Disposing it ends what still runs inside.
/// </summary>
public sealed class Lab : IAsyncDisposable
{
    private static int LabCount;

    private readonly string _prefix;
    private readonly List<LabHost> _hosts = [];

    private Lab(string prefix) => _prefix = prefix;

    /// <summary>The namespace that holds the bridge; host X hangs on its interface X.</summary>
    public string Hub => _prefix + "hub";

    /// <summary>The same as a host.</summary>
    public LabHost HubHost => new("hub", Hub);

    public IReadOnlyList<LabHost> Hosts => _hosts;

    public static async Task<Lab> CreateAsync()
    {
        await StaleNamespaces.SweepAsync();
        var lab = new Lab($"{StaleNamespaces.Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref LabCount)}-");
        await RunningProcess.RunAsync("ip", "netns", "add", lab.Hub);
        // Multicast snooping would hold neighbour discovery back until a querier has been waited for.
        await RunningProcess.RunAsync(
            "nsenter", $"--net={NamespacePath(lab.Hub)}", "sh", "-c",
            "ip link set lo up && ip link add br0 type bridge mcast_snooping 0 && ip link set br0 up");
        return lab;
    }

    /// <summary>Adds a namespace with one interface, eth0, on the bridge.</summary>
    /// <param name="name">At most 15 letters, digits and dashes; unique in this lab.</param>
    /// <param name="addresses">With prefix length: 10.0.0.5/24, 2001:db8::5/64.</param>
    public async Task<LabHost> AddHostAsync(string name, params string[] addresses)
    {
        var host = new LabHost(name, _prefix + name);
        await RunningProcess.RunAsync("ip", "netns", "add", host.Namespace);
        _hosts.Add(host);
        // Duplicate address detection would make IPv6 addresses wait for a second.
        await host.RunAsync("sh", "-c",
            "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad; " +
            "ip link set lo up");
        await AddInterfaceAsync(host, "eth0", name, addresses);
        return host;
    }

    /// <summary>Adds one more interface to a host, on the same bridge.</summary>
    public Task AddInterfaceAsync(LabHost host, string device, string port, params string[] addresses)
    {
        var script = string.Join(" && ",
            [
                $"ip link add {device} type veth peer name {port} netns {Hub}",
                .. addresses.Select(address =>
                    $"ip address add {address} dev {device}{(address.Contains(':') ? " nodad" : "")}"),
                $"ip link set {device} up",
                $"nsenter --net={NamespacePath(Hub)} sh -c 'ip link set {port} master br0 && ip link set {port} up'",
            ]);
        return host.RunAsync("sh", "-c", script);
    }

    /// <summary>Runs a program in the namespace of the bridge.</summary>
    public Task<string> RunInHubAsync(string program, params string[] arguments) =>
        RunningProcess.RunAsync("nsenter", [$"--net={NamespacePath(Hub)}", "--", program, .. arguments]);

    /// <summary>
    /// Cuts or joins the wire of a host at the bridge; the host's own interface loses or gains its carrier.
    /// </summary>
    public Task SetWireAsync(LabHost host, bool joined) =>
        RunningProcess.RunAsync(
            "nsenter", $"--net={NamespacePath(Hub)}", "ip", "link", "set", host.Name, joined ? "up" : "down");

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _hosts.Select(host => host.Namespace).Append(Hub))
        {
            await StaleNamespaces.DeleteAsync(name);
        }
    }

    internal static string NamespacePath(string name) => "/run/netns/" + name;
}
