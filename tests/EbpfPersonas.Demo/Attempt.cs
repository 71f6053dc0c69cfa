using System.Net.Sockets;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Demo;

/// <summary>One TCP connection that the VM tries, and whether the kernel should let it through.</summary>
internal sealed record Attempt(string Address, int Port, bool Allowed)
{
    private static readonly TimeSpan PatienceWhenAllowed = TimeSpan.FromSeconds(5);

    // A dropped SYN is repeated after 1 s at the earliest, so nothing can come of waiting longer.
    private static readonly TimeSpan PatienceWhenDenied = TimeSpan.FromMilliseconds(700);

    /// <summary>Tries it, prints what happened, and returns whether that was right.</summary>
    public async Task<bool> TryAsync(LabHost vm)
    {
        var result = await vm.TryConnectAsync(Address, Port, Allowed ? PatienceWhenAllowed : PatienceWhenDenied);
        var seen = result switch
        {
            SocketError.Success => "connected",
            SocketError.TimedOut => "no answer (dropped)",
            _ => result.ToString(),
        };
        var right = result == (Allowed ? SocketError.Success : SocketError.TimedOut);
        Console.WriteLine($"    tcp vm > {Address}:{Port,-6} {seen,-22} {(right ? "as it should be" : Wrong(seen))}");
        return right;
    }

    private string Wrong(string seen) =>
        $"<<< WRONG: expected {(Allowed ? "connected" : "no answer (dropped)")}, got {seen}";
}
