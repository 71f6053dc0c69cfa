using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>Frames that began as good ones and were damaged.</summary>
public static class RandomFrame
{
    private static readonly string[] Seeds =
    [
        "tcp local:40000 > 10.0.0.10:3306", "tcp 10.0.0.10:3306 > local:40000 flags=ack payload=20 options=8",
        "udp 10.0.0.1:67 > local:68 payload=8", "udp local:546 > [ff02::1:2]:547 payload=8",
        "icmpv6 fe80::1 > local type=134 code=0 hop=255 payload=8",
        "icmpv6 fe80::1 > local type=130 code=0 hop=1 ext=hopopts",
        "tcp local:40000 > [2001:db8::9]:443 ext=hopopts,dstopts,routing,ah",
        "udp local:1 > [2001:db8::9]:53 frag=first", "udp 10.0.0.1:67 > local:68 payload=8 frag=first",
        "icmp 10.0.0.1 > local type=3 code=1 quoting tcp local:40000 > 10.0.0.10:3306",
        "47 10.0.0.1 > local payload=40",
        "icmpv6 2001:db8::1 > local type=1 code=0 quoting udp local:1 > [2001:db8::9]:53", "sctp 10.0.0.1:1 > local:2",
    ];

    /// <summary>
    /// A frame with a few octets changed, half of the time in the first 60, and sometimes with its end cut off; the
    /// kernel takes no less than an IP header. Gives the packet that it began as.
    /// </summary>
    public static (CasePacket Packet, byte[] Frame) Make(Prng random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var packet = PacketParser.Parse(random.Pick(Seeds));
        return (packet, Mutate(random, Cases.Frame.Build(packet)));
    }

    private static byte[] Mutate(Prng random, byte[] frame)
    {
        for (var changes = random.Below(4); changes > 0; changes--)
        {
            var at = random.Chance(50)
                ? random.Below(frame.Length)
                : random.Between(12, Math.Min(60, frame.Length) - 1);
            frame[at] = random.Chance(50)
                ? (byte)(frame[at] ^ 1 << random.Below(8))
                : random.Pick<byte>(0, 1, 4, 6, 17, 44, 58, 60, 255);
        }

        return random.Chance(20) ? frame[..random.Between(Math.Min(54, frame.Length), frame.Length)] : frame;
    }
}
