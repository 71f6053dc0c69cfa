using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>A rule set of one family in force, and the traffic that is played against it.</summary>
internal sealed class Workload : IDisposable
{
    /// <summary>Flows that are active at a time, and those that Zipf's law is about.</summary>
    public const int ActiveFlows = 1024;

    /// <summary>So many packets of <see cref="Established"/> surely have one of each flow among them.</summary>
    public const int EstablishingPackets = 16 * ActiveFlows;

    private const int ZipfFlows = 65536;
    private const double ZipfExponent = 1;

    /// <summary>What the reference may do for one rule set: it looks at every rule for every packet.</summary>
    private const int ReferenceSteps = 20_000_000;

    private readonly TrafficTuple[] _uniform;
    private readonly BenchDecision[] _decisions;

    /// <summary>Throws where the persona is too large for the datapath.</summary>
    public Workload(RuleSetKind kind, int rules, bool isV6, int linesPerRule = Room.LinesPerRule)
    {
        IsV6 = isV6;
        Rules = rules;
        Persona = kind.Make(new RuleSetShape(
            rules, isV6 ? RuleSetFamilies.IPv6 : RuleSetFamilies.IPv4, Direction: Direction.Ingress));
        _uniform = Traffic.Uniform(Persona, isV6, Direction.Ingress, BenchTuple.Count, seed: 11);
        Uniform = BenchTuple.Fill(_uniform, TcpControl.Syn);
        Ours = new BenchDatapath(Persona, linesPerRule);
        _decisions = Ours.Decide(Uniform, isV6);
    }

    public bool IsV6 { get; }

    public int Rules { get; }

    public Persona Persona { get; }

    public BenchDatapath Ours { get; }

    /// <summary>All rules alike, each packet with addresses and ports of its own.</summary>
    public BenchTuple[] Uniform { get; }

    /// <summary>Packets to few rules often and to many rarely.</summary>
    public BenchTuple[] Zipf() => BenchTuple.Fill(
        Traffic.Zipf(_uniform[..ZipfFlows], ZipfExponent, BenchTuple.Count, seed: 12), TcpControl.Syn);

    /// <summary>As <see cref="Zipf"/>, and each packet comes from another port: it begins a flow.</summary>
    public BenchTuple[] ZipfNewFlows()
    {
        var random = new Prng(13);
        return BenchTuple.Fill(
            [
                .. Traffic.Zipf(_uniform[..ZipfFlows], ZipfExponent, BenchTuple.Count, seed: 12).Select(tuple =>
                    tuple.OriginatorPort == 0
                        ? tuple
                        : tuple with { OriginatorPort = (ushort)random.Between(20000, ushort.MaxValue) }),
            ],
            TcpControl.Syn);
    }

    /// <summary>Packets in the middle of 1,024 TCP connections that the rules allow.</summary>
    public BenchTuple[] Established() => BenchTuple.Fill(
        Traffic.Evenly([.. Allowed().Where(IsTcp).Take(ActiveFlows)], BenchTuple.Count, seed: 14), TcpControl.Ack);

    /// <summary>1,024 flows of any kind, judged by the rules each time.</summary>
    public BenchTuple[] ActiveTuples() => BenchTuple.Fill(
        Traffic.Evenly(_uniform[..ActiveFlows], BenchTuple.Count, seed: 14), TcpControl.Syn);

    /// <summary>The uniform tuples that pass: behind the filter all of them have the same way.</summary>
    public IEnumerable<TrafficTuple> Allowed() => _uniform.Where((_, i) => _decisions[i].Passes);

    /// <summary>The uniform tuples that are dropped.</summary>
    public IEnumerable<TrafficTuple> Denied() => _uniform.Where((_, i) => !_decisions[i].Passes);

    /// <summary>How many of a sample get another verdict or rule than the reference gives.</summary>
    public (int Compared, int Differences) CompareWithReference()
    {
        var compared = Math.Min(_uniform.Length, Math.Max(ReferenceSteps / Rules, 64));
        var differences = Enumerable.Range(0, compared).Count(i =>
        {
            var verdict = ReferenceVerdict.Judge(Persona, _uniform[i].ToPacket());
            var rule = _decisions[i].Rule == BenchDecision.NoRule
                ? null
                : Persona.Rules[(int)_decisions[i].Rule].Id;
            return (verdict.Action == RuleAction.Allow) != _decisions[i].Passes || verdict.Rule?.Id != rule;
        });
        return (compared, differences);
    }

    public void Dispose() => Ours.Dispose();

    private static bool IsTcp(TrafficTuple tuple) => tuple.Protocol == IpProtocol.Tcp;
}
