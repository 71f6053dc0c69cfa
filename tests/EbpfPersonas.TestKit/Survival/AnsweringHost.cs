using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.TestKit.Survival;

/// <summary>
/// One end of <see cref="SteadyTraffic"/>: answers what comes to the allowed port, counts what comes to the denied one,
/// and begins flows to the other end. Flows are begun on threads that are in the host.
/// </summary>
internal sealed class AnsweringHost : IDisposable
{
    // TCP repeats a dropped SYN after 1 s, then after 2 more. Threads that answer may have to wait for a CPU.
    private const int PatienceMilliseconds = 5000;
    private const int UdpAttempts = 3;
    private const int TcpInfoOption = 11; // include/uapi/linux/tcp.h: TCP_INFO
    private const int TotalRetransOffset = 100; // struct tcp_info: tcpi_total_retrans
    private const int RememberedAttempts = 10;

    // A datagram that begins so asks for one every so often, for ever.
    private const byte Subscription = 1;
    private const int StreamMilliseconds = 100;

    private readonly string _address;
    private readonly ushort _allowed;
    private readonly TrafficTally _tally;
    private readonly List<Socket> _open = [];
    private readonly List<Thread> _threads = [];
    private readonly Queue<Socket> _attempts = new();
    private readonly ConcurrentBag<EndPoint> _subscribers = [];
    private readonly ManualResetEventSlim _ending = new();

    public AnsweringHost(LabHost host, string address, ushort allowed, TrafficTally tally)
    {
        (Host, _address, _allowed, _tally) = (host, address, allowed, tally);
        var (echo, sink) = (host.BindUdp(address, allowed), host.BindUdp(address, Denied));
        var (listener, trap) = (host.Listen(address, allowed), host.Listen(address, Denied));
        _open.AddRange([echo, sink, listener, trap]);
        Start(() => AnswerDatagrams(echo));
        Start(() => Stream(echo));
        Start(() => CountDatagrams(sink));
        Start(() => AnswerConnections(listener));
        Start(() => CountConnections(trap));
    }

    public LabHost Host { get; }

    private int Denied => _allowed + 1;

    public void AskByUdp(AnsweringHost to)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = PatienceMilliseconds,
        };
        Ask("UDP", to, () =>
        {
            socket.Connect(to.Endpoint(_allowed));
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    socket.Send(new byte[1]);
                    return socket.Receive(new byte[1]);
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut && attempt < UdpAttempts)
                {
                    // As resolvers do.
                    _tally.CountRepeated();
                }
            }
        });
    }

    public void AskByTcp(AnsweringHost to)
    {
        using var socket = Tcp();
        Ask("TCP", to, () =>
        {
            var carries = Connect(socket, to) && Carries(socket);
            if (Retransmissions(socket) > 0)
            {
                _tally.CountRepeated();
            }

            return carries ? 1 : 0;
        });
    }

    public void TryUdp(AnsweringHost to)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _tally.CountDenied();
        try
        {
            socket.SendTo(new byte[1], to.Endpoint(Denied));
        }
        catch (SocketException)
        {
            // Refused where it leaves: the better for it.
        }
    }

    public void TryTcp(AnsweringHost to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        _tally.CountDenied();
        try
        {
            socket.Connect(to.Endpoint(Denied));
        }
        catch (SocketException)
        {
            // In progress, and for long.
        }

        _attempts.Enqueue(socket);
        if (_attempts.Count > RememberedAttempts)
        {
            _attempts.Dequeue().Dispose();
        }
    }

    /// <summary>Keeps connections open and uses each of them ten times a second.</summary>
    public void Converse(AnsweringHost to, int count, CancellationToken stopping)
    {
        var conversations = new List<Socket>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var socket = Tcp();
                conversations.Add(socket);
                Connect(socket, to);
            }

            while (!stopping.WaitHandle.WaitOne(100))
            {
                foreach (var socket in conversations.Where(socket => !Carries(socket)).ToList())
                {
                    _tally.CountBroken($"{this}: an open connection to {to} broke");
                    conversations.Remove(socket);
                    socket.Dispose();
                }
            }
        }
        catch (SocketException e)
        {
            _tally.CountBroken($"{this}: no connection to {to} to keep open: {e.SocketErrorCode}");
        }
        finally
        {
            conversations.ForEach(socket => socket.Dispose());
        }
    }

    /// <summary>
    /// Asks for streams of datagrams, and then only listens: nobody but who knows the flow lets the answers pass.
    /// </summary>
    public void Follow(AnsweringHost to, int count, CancellationToken stopping)
    {
        var streams = new List<Socket>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
                {
                    ReceiveTimeout = PatienceMilliseconds,
                };
                streams.Add(socket);
                socket.Connect(to.Endpoint(_allowed));
                socket.Send(new byte[1]);
                socket.Receive(new byte[1]);
                socket.Send([Subscription]);
            }

            while (!stopping.IsCancellationRequested)
            {
                foreach (var socket in streams.ToList())
                {
                    if (!Hears(socket))
                    {
                        _tally.CountBroken($"{this}: a stream of {to} broke");
                        streams.Remove(socket);
                        socket.Dispose();
                    }
                }

                stopping.WaitHandle.WaitOne(streams.Count > 0 ? 0 : StreamMilliseconds);
            }
        }
        catch (SocketException e)
        {
            _tally.CountBroken($"{this}: no stream of {to}: {e.SocketErrorCode}");
        }
        finally
        {
            streams.ForEach(socket => socket.Dispose());
        }
    }

    public override string ToString() => Host.Name;

    public void Dispose()
    {
        _ending.Set();
        lock (_open)
        {
            _open.ForEach(socket =>
            {
                // Close alone does not wake who waits in accept.
                try
                {
                    socket.Shutdown(SocketShutdown.Both);
                }
                catch (SocketException)
                {
                    // Not connected.
                }

                socket.Dispose();
            });
        }

        while (_attempts.TryDequeue(out var attempt))
        {
            attempt.Dispose();
        }

        _threads.ForEach(thread => thread.Join());
        _ending.Dispose();
    }

    private static Socket Tcp() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        ReceiveTimeout = PatienceMilliseconds,
        SendTimeout = PatienceMilliseconds,
        NoDelay = true,
    };

    private static bool Carries(Socket socket)
    {
        try
        {
            return socket.Send(new byte[1]) == 1 && socket.Receive(new byte[1]) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool Hears(Socket socket)
    {
        try
        {
            return socket.Receive(new byte[1]) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static uint Retransmissions(Socket socket)
    {
        Span<byte> info = stackalloc byte[256];
        var size = socket.GetRawSocketOption((int)ProtocolType.Tcp, TcpInfoOption, info);
        return MemoryMarshal.Read<uint>(info[..size][TotalRetransOffset..]);
    }

    private bool Connect(Socket socket, AnsweringHost to)
    {
        socket.Connect(to.Endpoint(_allowed));
        return true;
    }

    private void Ask(string protocol, AnsweringHost to, Func<int> ask)
    {
        try
        {
            if (ask() == 1)
            {
                _tally.CountAllowed();
            }
            else
            {
                _tally.CountBroken($"{this}: {protocol} to {to} ended early");
            }
        }
        catch (SocketException e)
        {
            _tally.CountBroken($"{this}: {protocol} to {to}: {e.SocketErrorCode}");
        }
    }

    private IPEndPoint Endpoint(int port) => new(IPAddress.Parse(_address), port);

    private void AnswerDatagrams(Socket socket)
    {
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        var buffer = new byte[64];
        var length = socket.ReceiveFrom(buffer, ref from);
        if (buffer[0] == Subscription)
        {
            _subscribers.Add(from);
        }

        socket.SendTo(buffer.AsSpan(0, length), from);
    }

    private void Stream(Socket socket)
    {
        foreach (var subscriber in _subscribers)
        {
            socket.SendTo(new byte[1], subscriber);
        }

        _ending.Wait(StreamMilliseconds);
    }

    private void CountDatagrams(Socket socket) =>
        _tally.CountArrived($"{this}: a denied datagram arrived", socket.Receive(new byte[64]));

    private void AnswerConnections(Socket listener)
    {
        var connection = listener.Accept();
        connection.NoDelay = true;
        lock (_open)
        {
            _open.Add(connection);
        }

        Start(() =>
        {
            if (connection.Receive(new byte[1]) == 1)
            {
                connection.Send(new byte[1]);
                return;
            }

            lock (_open)
            {
                _open.Remove(connection);
            }

            connection.Dispose();
        });
    }

    private void CountConnections(Socket trap)
    {
        trap.Accept().Dispose();
        _tally.CountArrived($"{this}: a denied connection was accepted", 1);
    }

    /// <summary>Again and again, until the socket is closed.</summary>
    private void Start(Action action)
    {
        var thread = new Thread(() =>
        {
            try
            {
                while (!_ending.IsSet)
                {
                    action();
                }
            }
            catch (SocketException)
            {
                // Closed, by us or by the other end.
            }
            catch (ObjectDisposedException)
            {
                // Closed by us.
            }
        })
        { IsBackground = true };
        thread.Start();
        lock (_threads)
        {
            _threads.RemoveAll(ended => !ended.IsAlive);
            _threads.Add(thread);
        }
    }
}
