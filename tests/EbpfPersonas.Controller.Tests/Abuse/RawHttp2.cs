using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using EbpfPersonas.TestKit.Agents;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>
/// A client of HTTP/2 (RFC 9113) that sends the frames it is told, and reads: it answers settings and pings as one
/// must, and gives no windows beyond those that it began with.
/// </summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    private const byte DataFrame = 0;
    private const byte HeadersFrame = 1;
    private const byte ResetFrame = 3;
    private const byte SettingsFrame = 4;
    private const byte PingFrame = 6;
    private const byte Acknowledge = 1;
    private const byte EndHeaders = 4;

    private readonly TcpClient _tcp;
    private readonly SslStream _tls;
    private readonly SemaphoreSlim _writing = new(1, 1);

    private RawHttp2(TcpClient tcp, SslStream tls)
    {
        (_tcp, _tls) = (tcp, tls);
        Closed = ReadAsync();
    }

    /// <summary>Completes when the other side ends the connection.</summary>
    public Task Closed { get; }

    /// <summary>Connects; <paramref name="window"/> is how much of each stream's data it takes.</summary>
    public static async Task<RawHttp2> ConnectAsync(string address, FakeIdentity identity, int window)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(new Uri(address).Host, new Uri(address).Port);
        var tls = new SslStream(tcp.GetStream());
        var options = identity.Tls();
        (options.TargetHost, options.ApplicationProtocols) = ("controller", [SslApplicationProtocol.Http2]);
        await tls.AuthenticateAsClientAsync(options);
        var settings = new byte[6];
        // SETTINGS_INITIAL_WINDOW_SIZE
        settings[1] = 4;
        BinaryPrimitives.WriteInt32BigEndian(settings.AsSpan(2), window);
        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await tls.WriteAsync(Frame(SettingsFrame, 0, 0, settings));
        return new RawHttp2(tcp, tls);
    }

    /// <summary>Opens a call of gRPC; streams have odd numbers that only grow.</summary>
    public Task OpenAsync(int stream, string method) => SendAsync(Headers(stream, method));

    /// <summary>Opens a call and resets it at once.</summary>
    public Task OpenAndResetAsync(int stream, string method) => SendAsync(
        [.. Headers(stream, method), .. Frame(ResetFrame, 0, stream, [0, 0, 0, 8])]);

    public Task SendMessageAsync(int stream, byte[] message) =>
        SendAsync(Frame(DataFrame, 0, stream, RawCalls.Frame(message)));

    public async ValueTask DisposeAsync()
    {
        await _tls.DisposeAsync();
        _tcp.Dispose();
        await Closed;
    }

    private static byte[] Headers(int stream, string method)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in new[]
        {
            (":method", "POST"), (":scheme", "https"), (":authority", "controller"),
            (":path", $"/ebpf_personas.v1.{method}"), ("content-type", "application/grpc"), ("te", "trailers"),
        })
        {
            // A literal that is not indexed, with a new name (RFC 7541 section 6.2.2).
            block.WriteByte(0);
            foreach (var text in (string[])[name, value])
            {
                block.WriteByte((byte)text.Length);
                block.Write(Encoding.ASCII.GetBytes(text));
            }
        }

        return Frame(HeadersFrame, EndHeaders, stream, block.ToArray());
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    private async Task SendAsync(byte[] frames)
    {
        await _writing.WaitAsync();
        try
        {
            await _tls.WriteAsync(frames);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var header = new byte[9];
            while (true)
            {
                await _tls.ReadExactlyAsync(header);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >> 8 & 0xffffff];
                await _tls.ReadExactlyAsync(payload);
                if (header[3] is SettingsFrame or PingFrame && (header[4] & Acknowledge) == 0)
                {
                    await SendAsync(Frame(header[3], Acknowledge, 0, header[3] == PingFrame ? payload : []));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // This or the other side ended it.
        }
    }
}
