using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Says something to the API, then goes on a little at a time until the other side has enough.</summary>
internal static class SlowClient
{
    /// <summary>
    /// Sends <paramref name="begin"/>, then <paramref name="drop"/> each <paramref name="interval"/>; gives what was
    /// answered, and how long it took until the connection ended.
    /// </summary>
    public static async Task<(string Answer, TimeSpan Took)> RunAsync(
        string address, string begin, string drop, TimeSpan interval)
    {
        var watch = Stopwatch.StartNew();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var url = new Uri(address);
        await socket.ConnectAsync(url.Host, url.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(begin));
        await using var dropping = new Attack(async ended =>
        {
            while (true)
            {
                await Task.Delay(interval, ended);
                try
                {
                    await socket.SendAsync(Encoding.ASCII.GetBytes(drop), ended);
                }
                catch (SocketException)
                {
                    return;
                }
            }
        });
        var answer = new StringBuilder();
        try
        {
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer) is > 0 and var read)
            {
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
        catch (SocketException)
        {
            // Reset is ended as well.
        }

        return (answer.ToString(), watch.Elapsed);
    }
}
