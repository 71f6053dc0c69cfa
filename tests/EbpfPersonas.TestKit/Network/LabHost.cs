using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// One host of a <see cref="Lab"/>: a network namespace in which tests run programs and open sockets.
/// </summary>
public sealed class LabHost
{
    /// <summary>Names an existing namespace; null = the one that this process runs in.</summary>
    internal LabHost(string name, string? @namespace)
    {
        Name = name;
        Namespace = @namespace ?? "";
        NamespacePath = @namespace is null ? "/proc/self/ns/net" : Lab.NamespacePath(@namespace);
    }

    public string Name { get; }

    /// <summary>The namespace's name, as `ip netns` lists it.</summary>
    public string Namespace { get; }

    public string NamespacePath { get; }

    /// <summary>
    /// Starts a program in this host. `ip netns exec` would hide bpffs, cgroups and tracefs, so nsenter does it.
    /// </summary>
    public RunningProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        RunningProcess.Start("nsenter", [$"--net={NamespacePath}", "--", program, .. arguments], environment);

    /// <summary>Runs a program in this host to its end and returns its output; throws where it fails.</summary>
    public Task<string> RunAsync(string program, params string[] arguments) =>
        RunningProcess.RunAsync("nsenter", [$"--net={NamespacePath}", "--", program, .. arguments]);

    /// <summary>The index of one of its interfaces.</summary>
    public async Task<int> InterfaceIndexAsync(string device) =>
        int.Parse((await RunAsync("ip", "-o", "link", "show", device)).Split(':')[0], CultureInfo.InvariantCulture);

    /// <summary>The Ethernet address of one of its interfaces.</summary>
    public async Task<byte[]> HardwareAddressAsync(string device)
    {
        var words = (await RunAsync("ip", "-o", "link", "show", device))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Convert.FromHexString(
            words[Array.IndexOf(words, "link/ether") + 1].Replace(":", "", StringComparison.Ordinal));
    }

    /// <summary>
    /// Runs <paramref name="action"/> in this test process, on a thread that is in this host meanwhile. Threads that it
    /// starts stay in the host, so it starts none but those that belong there.
    /// </summary>
    public T RunInside<T>(Func<T> action) => NamespaceSocket.Run(NamespacePath, action);

    /// <summary>Opens a socket of this test process in this host; it stays there however it is used.</summary>
    public Socket OpenSocket(AddressFamily family, SocketType type, ProtocolType protocol) =>
        NamespaceSocket.Open(NamespacePath, family, type, protocol);

    /// <summary>Listens for TCP connections; port 0 lets the kernel choose.</summary>
    public Socket Listen(string address, int port)
    {
        var ip = IPAddress.Parse(address);
        var socket = OpenSocket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(ip, port));
        socket.Listen(64);
        return socket;
    }

    /// <summary>Binds a UDP socket; port 0 lets the kernel choose.</summary>
    public Socket BindUdp(string address, int port)
    {
        var ip = IPAddress.Parse(address);
        var socket = OpenSocket(ip.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(ip, port));
        return socket;
    }

    /// <summary>
    /// Connects over TCP from this host. Throws <see cref="SocketException"/> where the kernel refuses or times out.
    /// </summary>
    public async Task<Socket> ConnectAsync(string address, int port, TimeSpan timeout)
    {
        var ip = IPAddress.Parse(address);
        var socket = OpenSocket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(ip, port), deadline.Token);
            return socket;
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What became of a TCP connection attempt: Success, TimedOut (no answer), ConnectionRefused, ...
    /// </summary>
    public async Task<SocketError> TryConnectAsync(string address, int port, TimeSpan timeout)
    {
        try
        {
            using var socket = await ConnectAsync(address, port, timeout);
            return SocketError.Success;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
    }

    /// <summary>An HTTP client whose connections leave from this host.</summary>
    /// <param name="baseAddress">http or https, and an address.</param> <param name="authorities">Where the server's
    /// certificate may come from, where it is https.</param> <param name="client">The certificate that is shown, or
    /// none.</param>
    public HttpClient CreateHttpClient(
        string baseAddress, X509Certificate2Collection? authorities = null, X509Certificate2? client = null)
    {
        var trust = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        trust.CustomTrustStore.AddRange(authorities ?? []);
        return new(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = trust,
                ClientCertificates = client is null ? [] : [client],
            },
            ConnectCallback = async (context, cancellation) =>
            {
                var ip = IPAddress.Parse(context.DnsEndPoint.Host.Trim('[', ']'));
                var socket = OpenSocket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    await socket.ConnectAsync(new IPEndPoint(ip, context.DnsEndPoint.Port), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        { BaseAddress = new Uri(baseAddress) };
    }
}
