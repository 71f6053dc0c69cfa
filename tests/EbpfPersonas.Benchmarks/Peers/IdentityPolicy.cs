using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Benchmarks.Hook;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>
/// bpf/tests/bench/identity_policy.bpf.c with the meaning of a persona in it. The more specific entry wins there, not
/// the first; so each prefix becomes an identity, and its policy is what the first match says: for each protocol the
/// verdict that most ports have, and below it the other port ranges as prefixes.
/// </summary>
internal sealed class IdentityPolicy : IDisposable
{
    private readonly BpfObject _object;
    private readonly TupleArray _tuples;
    private readonly BpfMap _policy;
    private uint _identities;

    public IdentityPolicy(Persona persona)
    {
        _object = BpfObject.Open(BenchObjects.Read("identity_policy"), "identity_policy");
        try
        {
            _object.Load();
            new EthernetLinks(_object).Set(BenchDatapath.Loopback, isEthernet: true);
            _policy = _object.Map("policy");
            Add(persona, isV6: false);
            Add(persona, isV6: true);
            _tuples = new TupleArray(_object);
        }
        catch
        {
            _object.Dispose();
            throw;
        }
    }

    /// <summary>Entries of both tries.</summary>
    public int Entries { get; private set; }

    public BpfProgram Program(string name) => _object.Program(name);

    /// <summary>As <see cref="BenchDatapath.Play"/>.</summary>
    public double Play(BenchTuple[] tuples, bool isV6, int packets)
    {
        _tuples.Use(tuples);
        Program("replay_policy").TestRun(BenchTuple.Frame(isV6), packets, out var nanoseconds);
        return nanoseconds;
    }

    public void Dispose()
    {
        _tuples.Dispose();
        _object.Dispose();
    }

    private void Add(Persona persona, bool isV6)
    {
        var identities = _object.Map(isV6 ? "identities_v6" : "identities_v4");
        foreach (var (prefix, rules) in AddressClasses.Of(PeerRule.From(persona, isV6)))
        {
            var identity = ++_identities;
            if (isV6)
            {
                identities.Update(IPv6PrefixKey.From(prefix), identity);
            }
            else
            {
                identities.Update(IPv4PrefixKey.From(prefix), identity);
            }

            Entries++;
            AddPolicy(identity, rules);
        }
    }

    private void AddPolicy(uint identity, IReadOnlyList<PeerRule> rules)
    {
        var others = rules.FirstOrDefault(rule => rule.Protocol is null);
        if (others is { Allow: true })
        {
            Add(PolicyKey.AnyProtocol(identity), allow: true);
        }

        foreach (var protocol in rules.Select(rule => rule.Protocol).OfType<byte>().Distinct())
        {
            var segments = PortSegments.Of(rules, protocol);
            var usual = segments.GroupBy(segment => segment.Allow)
                .MaxBy(side => side.Sum(segment => segment.Ports.Last - segment.Ports.First + 1))!.Key;
            Add(PolicyKey.Of(identity, protocol, port: 0, portLength: 0), usual);
            foreach (var (port, length) in segments.Where(segment => segment.Allow != usual)
                .SelectMany(segment => PortSegments.Prefixes(segment.Ports)))
            {
                Add(PolicyKey.Of(identity, protocol, port, length), !usual);
            }
        }
    }

    private void Add(PolicyKey key, bool allow)
    {
        _policy.Update(key, allow ? 1u : 0u);
        Entries++;
    }
}
