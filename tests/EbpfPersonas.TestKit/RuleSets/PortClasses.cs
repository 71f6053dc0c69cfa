using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>Draws ports of a class, and tells the class of ports.</summary>
public static class PortClasses
{
    private const ushort FirstHigh = 1024;

    private static readonly ushort[] Services =
    [
        20, 21, 22, 23, 25, 53, 67, 69, 80, 88, 110, 111, 123, 135, 137, 139, 143, 161, 179, 389, 443, 445, 465, 514,
        587, 636, 873, 989, 993, 995, 1433, 1521, 1812, 2049, 2181, 3128, 3268, 3306, 3389, 5060, 5432, 5672, 5900,
        6379, 8080, 8443, 9092, 9200, 11211, 27017,
    ];

    /// <summary>Ports of a rule: none where the class is any port.</summary>
    public static ImmutableArray<PortRange> Draw(Prng random, PortClass portClass)
    {
        ArgumentNullException.ThrowIfNull(random);
        return portClass switch
        {
            PortClass.Wildcard => [],
            PortClass.High => [new PortRange(FirstHigh, ushort.MaxValue)],
            PortClass.Low => [new PortRange(0, FirstHigh - 1)],
            PortClass.ExactMatch => [Single(random)],
            _ => [Range(random)],
        };
    }

    /// <summary>The class that these ports of one rule are in.</summary>
    public static PortClass Of(ImmutableArray<PortRange> ports) => ports switch
    {
        [] => PortClass.Wildcard,
        [(FirstHigh, ushort.MaxValue)] => PortClass.High,
        [(0, FirstHigh - 1)] => PortClass.Low,
        [var one] when one.First == one.Last => PortClass.ExactMatch,
        _ => PortClass.ArbitraryRange,
    };

    private static PortRange Single(Prng random)
    {
        var port = random.Chance(70) ? random.Pick(Services) : (ushort)random.Between(1, ushort.MaxValue);
        return new PortRange(port, port);
    }

    /// <summary>Mostly short, as those of passive FTP or RPC services; one in ten of any length.</summary>
    private static PortRange Range(Prng random)
    {
        var first = random.Between(2, ushort.MaxValue - 1);
        var length = random.Chance(90) ? random.Between(2, 200) : random.Between(200, 20000);
        return new PortRange((ushort)first, (ushort)Math.Min(first + length, ushort.MaxValue - 1));
    }
}
