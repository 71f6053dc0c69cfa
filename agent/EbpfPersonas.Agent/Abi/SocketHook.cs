namespace EbpfPersonas.Agent.Abi;

/// <summary>enum socket_hook of bpf/abi: the system call by which a socket asks.</summary>
public enum SocketHook : uint
{
    /// <summary>connect(2).</summary>
    Connect = 0,

    /// <summary>sendto(2) and sendmsg(2) of a socket that is not connected.</summary>
    Sendmsg = 1,

    /// <summary>How many there are.</summary>
    Count = 2,
}
