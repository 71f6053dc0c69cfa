using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>One packet to or from the VM, as a line of <c>packets.txt</c> describes it.</summary>
public sealed record CasePacket
{
    /// <summary>Of a SYN that says nothing else; what goes on without saying more begins one behind it.</summary>
    private const uint FirstSequence = 1000;

    private const ushort UsualWindow = 64240;

    /// <summary>The VM's IPv4 address in every case.</summary>
    public static readonly IpAddress LocalV4 = IpAddress.Parse("10.0.0.5");

    /// <summary>The VM's IPv6 address in every case.</summary>
    public static readonly IpAddress LocalV6 = IpAddress.Parse("2001:db8::5");

    public required Direction Direction { get; init; }

    public required byte Protocol { get; init; }

    /// <summary>The other end; its family is the packet's.</summary>
    public required IpAddress Remote { get; init; }

    public ushort RemotePort { get; init; }

    public ushort LocalPort { get; init; }

    public TcpControl Flags { get; init; } = TcpControl.Syn;

    /// <summary>
    /// TCP's sequence number: 1000 with SYN, else 1001, unless it is given. So both ends of a connection without
    /// payload say what fits.
    /// </summary>
    public uint Sequence
    {
        get => GivenSequence ?? (Flags.HasFlag(TcpControl.Syn) ? FirstSequence : FirstSequence + 1);
        init => GivenSequence = value;
    }

    /// <summary>TCP's acknowledgment number: 1001, unless it is given.</summary>
    public uint Acknowledgment { get; init; } = FirstSequence + 1;

    /// <summary>The window that TCP offers, not scaled.</summary>
    public ushort Window { get; init; } = UsualWindow;

    /// <summary>TCP's option window scale; null for none.</summary>
    public byte? WindowScale { get; init; }

    public byte IcmpType { get; init; }

    public byte IcmpCode { get; init; }

    /// <summary>Identifier of an ICMP echo.</summary>
    public ushort EchoId { get; init; }

    public byte HopLimit { get; init; } = 64;

    /// <summary>Octets behind the transport header.</summary>
    public int PayloadLength { get; init; }

    public Fragment Fragment { get; init; }

    /// <summary>Octets of IPv4 options, 0-40 in steps of 4; they shift the transport header.</summary>
    public int OptionsLength { get; init; }

    /// <summary>IPv6 extension headers in order (RFC 8200 section 4).</summary>
    public ImmutableArray<byte> Extensions { get; init; } = [];

    /// <summary>Only that many octets behind the IP header are there, whatever the length fields say.</summary>
    public int? Cut { get; init; }

    /// <summary>The packet that an ICMP error quotes.</summary>
    public CasePacket? Quoted { get; init; }

    public bool HasPorts => Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;

    public bool IsIcmp => Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6;

    public IpAddress Local => Remote.IsV6 ? LocalV6 : LocalV4;

    public IpAddress Source => Direction == Direction.Egress ? Local : Remote;

    public IpAddress Destination => Direction == Direction.Egress ? Remote : Local;

    public ushort SourcePort => Direction == Direction.Egress ? LocalPort : RemotePort;

    public ushort DestinationPort => Direction == Direction.Egress ? RemotePort : LocalPort;

    /// <summary>As the reference sees it: the first packet of a flow of its own direction.</summary>
    public Packet AsFirstPacket() => AsFirstPacket(Direction);

    /// <summary>As the first packet of a flow that <paramref name="originator"/> began.</summary>
    public Packet AsFirstPacket(Direction originator) => new(
        originator, Protocol, Remote, originator == Direction.Egress ? RemotePort : LocalPort, IcmpType, IcmpCode);

    internal uint? GivenSequence { get; private init; }

    internal uint? GivenAcknowledgment => Acknowledgment == FirstSequence + 1 ? null : Acknowledgment;

    internal ushort? GivenWindow => Window == UsualWindow ? null : Window;

    /// <summary>The packet's words in <c>packets.txt</c>.</summary>
    public override string ToString() => PacketWriter.Write(this);
}
