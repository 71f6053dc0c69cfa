namespace EbpfPersonas.TestKit.Cases;

/// <summary>The control bits of a TCP header (RFC 9293 section 3.1, RFC 3168).</summary>
[Flags]
public enum TcpControl : byte
{
    None = 0,
    Fin = 1,
    Syn = 2,
    Rst = 4,
    Psh = 8,
    Ack = 16,
    Urg = 32,
    Ece = 64,
    Cwr = 128,
}
