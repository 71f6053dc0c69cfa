namespace EbpfPersonas.TestKit.Activation;

/// <summary>Packets that reached the peer, by what they were and which address they went to.</summary>
public readonly record struct Arrivals(long UdpOld, long TcpOld, long UdpNew, long TcpNew)
{
    public static Arrivals operator +(Arrivals left, Arrivals right) => new(
        left.UdpOld + right.UdpOld, left.TcpOld + right.TcpOld, left.UdpNew + right.UdpNew, left.TcpNew + right.TcpNew);

    public static Arrivals Add(Arrivals left, Arrivals right) => left + right;
}
