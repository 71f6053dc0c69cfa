using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Conntrack;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>
/// The segments of one TCP connection as two ends could send them, some of them bent: wrong numbers, windows and
/// control bits, drawn to the borders of what conntrack accepts; repetitions, new beginnings, resets, errors that
/// quote, and switches of persona in between.
/// </summary>
public sealed class RandomConnection
{
    private const int MostBehindWrap = 3000;

    private static readonly TcpControl[] Controls =
    [
        TcpControl.Syn, TcpControl.Syn | TcpControl.Ack, TcpControl.Ack, TcpControl.Ack | TcpControl.Psh,
        TcpControl.Fin | TcpControl.Ack, TcpControl.Rst, TcpControl.Rst | TcpControl.Ack,
        TcpControl.Ack | TcpControl.Urg, TcpControl.Syn | TcpControl.Urg, TcpControl.Syn | TcpControl.Ece,
        TcpControl.Fin | TcpControl.Ack | TcpControl.Urg, TcpControl.None, TcpControl.Fin,
        TcpControl.Syn | TcpControl.Rst, TcpControl.Syn | TcpControl.Fin, TcpControl.Rst | TcpControl.Fin,
    ];

    private static readonly int[] Jumps =
    [
        1, -1, 2, -2, 1000, -1000, 65535, -65535, 66000, -66001, 1 << 20, -(1 << 20), 1 << 30, -(1 << 30),
        int.MinValue,
    ];

    private readonly Prng _random;
    private readonly CasePacket _first;
    private readonly ReferenceDatapath _guide;
    private readonly FlowTuple _tuple;
    private readonly List<CasePacket> _sent = [];
    private readonly End _client;
    private readonly End _server;
    private bool _isOpened;
    private bool _isAnswered;

    private RandomConnection(Prng random, CasePacket first, Persona? persona)
    {
        (_random, _first, _guide) = (random, first, new ReferenceDatapath(persona));
        _tuple = FlowTuple.Of(first)!.Value;
        _client = new End(random, first.Direction);
        _server = new End(random, first.Direction == Direction.Ingress ? Direction.Egress : Direction.Ingress);
    }

    /// <summary>
    /// Makes <paramref name="count"/> steps of the connection that <paramref name="first"/> would begin; a number
    /// stands for a switch to that one of <paramref name="personas"/>, of which the first is in force.
    /// </summary>
    public static ImmutableArray<RandomStep> Make(
        Prng random, ImmutableArray<Persona?> personas, CasePacket first, int count)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(first);
        var connection = new RandomConnection(random, first, personas[0]);
        var steps = ImmutableArray.CreateBuilder<RandomStep>(count);
        while (steps.Count < count)
        {
            if (random.Chance(5))
            {
                var number = random.Chance(40) ? 0 : random.Below(personas.Length);
                connection._guide.Switch(personas[number]);
                steps.Add(new RandomStep(null, number));
            }
            else
            {
                var packet = connection.Next();
                connection._guide.Decide(packet);
                steps.Add(new RandomStep(packet, 0));
            }
        }

        return steps.MoveToImmutable();
    }

    private CasePacket Next()
    {
        if (_sent.Count > 0 && _random.Chance(5))
        {
            return Error(_random.Pick(_sent.ToArray()));
        }

        var packet = _sent.Count > 0 && _random.Chance(8) ? _random.Pick(_sent.ToArray()) : Plausible();
        packet = _random.Chance(25) ? Bend(packet) : packet;
        _sent.Add(packet);
        return packet;
    }

    private CasePacket Plausible()
    {
        var odd = _random.Chance(12);
        if (!_isOpened && !odd)
        {
            _isOpened = true;
            return _random.Chance(80) ? Syn(_client) : Data(_random.Chance(50) ? _client : _server);
        }

        if (!_isAnswered && !odd)
        {
            return _random.Below(10) switch
            {
                < 7 => SynAck(),
                7 => Reset(_server, withAck: true),
                8 => Syn(_client),
                _ => Data(_random.Chance(70) ? _client : _server),
            };
        }

        var end = _random.Chance(50) ? _client : _server;
        return _random.Below(30) switch
        {
            < 14 => Data(end),
            < 19 => Data(end) with { PayloadLength = 0 },
            < 23 => Farewell(end),
            < 25 => Reset(end, withAck: _random.Chance(50)),
            25 => Data(end) with { PayloadLength = 0, Sequence = unchecked(end.Next - 1) },
            26 => Data(end) with { Window = 0 },
            27 => Syn(_random.Chance(70) ? _client : _server),
            28 => Again(),
            _ => SynAck(),
        };
    }

    /// <summary>A new connection of the same ends, if a SYN is what comes next.</summary>
    private CasePacket Again()
    {
        _client.Restart(_random);
        _isAnswered = false;
        return Syn(_client);
    }

    private CasePacket Syn(End end) => Segment(end, TcpControl.Syn) with
    {
        Sequence = end.First,
        WindowScale = end.Scale,
        PayloadLength = _random.Chance(5) ? 100 : 0,
    };

    private CasePacket SynAck()
    {
        _isAnswered = true;
        _client.Next = unchecked(_client.First + 1);
        _server.Next = unchecked(_server.First + 1);
        (_client.Received, _server.Received) = (_server.Next, _client.Next);
        return Segment(_server, TcpControl.Syn | TcpControl.Ack) with
        {
            Sequence = _server.First,
            WindowScale = _server.Scale,
        };
    }

    private CasePacket Data(End end)
    {
        var length = _random.Pick(0, 1, 10, 100, 536, 1400);
        var packet = Segment(end, TcpControl.Ack | (length > 0 ? TcpControl.Psh : 0)) with { PayloadLength = length };
        Send(end, length);
        return packet;
    }

    private CasePacket Farewell(End end)
    {
        var packet = Segment(end, TcpControl.Fin | TcpControl.Ack) with { PayloadLength = _random.Pick(0, 0, 100) };
        Send(end, packet.PayloadLength + 1);
        return packet;
    }

    private CasePacket Reset(End end, bool withAck) =>
        Segment(end, TcpControl.Rst | (withAck ? TcpControl.Ack : 0)) with { Window = 0 };

    private CasePacket Segment(End end, TcpControl control) => _first with
    {
        Direction = end.Direction,
        Flags = control,
        Sequence = end.Next,
        Acknowledgment = end.Received,
        Window = end.Window,
        OptionsLength = !_first.Remote.IsV6 && _random.Chance(4) ? 8 : 0,
    };

    private void Send(End end, int length)
    {
        end.Next = unchecked(end.Next + (uint)length);
        if (!_random.Chance(15))
        {
            (end == _client ? _server : _client).Received = end.Next;
        }

        end.Window = _random.Chance(20) ? (ushort)_random.Below(65536) : end.Window;
    }

    private CasePacket Bend(CasePacket packet)
    {
        var flow = _guide.Flows.Find(_tuple);
        return _random.Below(10) switch
        {
            < 2 when flow is not null => packet with { Sequence = SequenceBorder(flow, packet) },
            < 4 when flow is not null => packet with { Acknowledgment = AcknowledgmentBorder(flow, packet) },
            4 => packet with { Sequence = unchecked(packet.Sequence + (uint)_random.Pick(Jumps)) },
            5 => packet with { Acknowledgment = unchecked(packet.Acknowledgment + (uint)_random.Pick(Jumps)) },
            6 => packet with { Window = _random.Pick<ushort>(0, 1, ushort.MaxValue, (ushort)_random.Below(65536)) },
            7 => packet with { WindowScale = _random.Pick<byte>(0, 1, 7, 13, 14, 15, 31, 32, 255) },
            8 => packet with { Flags = _random.Pick(Controls) },
            _ => packet with
            {
                Direction = packet.Direction == Direction.Ingress ? Direction.Egress : Direction.Ingress,
            },
        };
    }

    private uint SequenceBorder(TrackedFlow flow, CasePacket packet)
    {
        var (sender, receiver) = (flow.Side(packet.Direction), flow.Opposite(packet.Direction));
        var oldest = unchecked(sender.End - receiver.MaxWindow - 1);
        var border = _random.Pick(
            sender.End, sender.MaxEnd, unchecked(sender.MaxEnd - receiver.MaxWindow - 1), oldest,
            unchecked(oldest - (uint)packet.PayloadLength), unchecked(oldest - (uint)packet.PayloadLength - 1));
        return unchecked(border + (uint)_random.Between(-1, 1));
    }

    private uint AcknowledgmentBorder(TrackedFlow flow, CasePacket packet)
    {
        var (sender, receiver) = (flow.Side(packet.Direction), flow.Opposite(packet.Direction));
        var border = _random.Pick(
            receiver.End, receiver.MaxEnd, unchecked(receiver.End - Math.Max(sender.MaxWindow, 66000) - 1));
        return unchecked(border + (uint)_random.Between(-1, 1));
    }

    /// <summary>From a router, or from the other end, to the one who sent what is quoted.</summary>
    private CasePacket Error(CasePacket quoted)
    {
        var isV6 = quoted.Remote.IsV6;
        if (_guide.Flows.Find(_tuple) is { } flow && _random.Chance(40))
        {
            quoted = quoted with { Sequence = SequenceBorder(flow, quoted) };
        }

        return new CasePacket
        {
            Direction = quoted.Direction == Direction.Ingress ? Direction.Egress : Direction.Ingress,
            Protocol = isV6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp,
            Remote = quoted.Remote,
            IcmpType = isV6 ? (byte)1 : (byte)3,
            IcmpCode = isV6 ? (byte)4 : (byte)3,
            Quoted = _random.Chance(50) ? quoted with { Cut = 8 } : quoted,
        };
    }

    /// <summary>One of the two ends: what it sends next, and what it got.</summary>
    private sealed class End
    {
        public End(Prng random, Direction direction)
        {
            Direction = direction;
            Restart(random);
        }

        public Direction Direction { get; }

        public uint First { get; private set; }

        public uint Next { get; set; }

        public uint Received { get; set; }

        public ushort Window { get; set; }

        public byte? Scale { get; private set; }

        public void Restart(Prng random)
        {
            First = random.Chance(40) ? (uint)-random.Below(MostBehindWrap) : (uint)random.Next();
            Next = unchecked(First + 1);
            Window = random.Pick<ushort>(64240, 65535, 1000, 1, (ushort)random.Below(65536));
            Scale = random.Chance(25) ? null : (byte)random.Below(15);
        }
    }
}
