using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>
/// Our datapath as bpf/tests/bench/datapath.bpf.c builds it, with one persona in force, played by BPF_PROG_TEST_RUN.
/// </summary>
internal sealed class BenchDatapath : IDisposable
{
    /// <summary>Where BPF_PROG_TEST_RUN and live frames come in.</summary>
    public const int Loopback = 1;

    private readonly PersonaDataplane _dataplane;
    private readonly TupleArray _tuples;

    /// <summary>Throws <see cref="ApplyException"/> where the persona is too large.</summary>
    public BenchDatapath(Persona persona, int linesPerRule)
    {
        _dataplane = PersonaDataplane.Load(
            Room.For(persona.Rules.Length, linesPerRule) with { FilterImage = BenchObjects.Read("datapath") });
        try
        {
            new EthernetLinks(_dataplane.Filter).Set(Loopback, isEthernet: true);
            _dataplane.Apply(1, persona);
            _tuples = new TupleArray(_dataplane.Filter);
        }
        catch
        {
            _dataplane.Dispose();
            throw;
        }
    }

    /// <summary>A program of the object, to be hung on a hook.</summary>
    public BpfProgram Program(string name) => _dataplane.Filter.Program(name);

    /// <summary>
    /// Plays so many of these tuples through a program, from where the last run ended; the mean time in nanoseconds.
    /// </summary>
    public double Play(string program, BenchTuple[] tuples, bool isV6, int packets)
    {
        _tuples.Use(tuples);
        _dataplane.Filter.Program(program).TestRun(BenchTuple.Frame(isV6), packets, out var nanoseconds);
        return nanoseconds;
    }

    /// <summary>What the classifier decides on each of these tuples, by number.</summary>
    public BenchDecision[] Decide(BenchTuple[] tuples, bool isV6)
    {
        _tuples.Use(tuples);
        _tuples.Rewind();
        _dataplane.Filter.Program("replay_decisions").TestRun(BenchTuple.Frame(isV6), BenchTuple.Count);
        using var decisions = _dataplane.Filter.Map("bench_decisions").MapMemory();
        return decisions.Values<BenchDecision>().ToArray();
    }

    /// <summary>Empties every map of flows, so that the next packets begin new ones.</summary>
    public void ForgetFlows()
    {
        foreach (var flows in _dataplane.Filter.Maps.Values.Where(map => map.KeySize == Marshal.SizeOf<FlowKey>()))
        {
            foreach (var key in flows.Keys<FlowKey>().ToList())
            {
                flows.Delete(key);
            }
        }
    }

    /// <summary>
    /// Makes confirmed flows of those that began: what is played comes from one side only, and confirms none.
    /// </summary>
    public void ConfirmFlows()
    {
        var (begun, confirmed) = (_dataplane.Filter.Map("new_flows"), _dataplane.Filter.Map("flows"));
        foreach (var key in begun.Keys<FlowKey>().ToList())
        {
            if (begun.TryLookup(key, out Flow flow))
            {
                flow.Marks |= FlowMark.Answered | FlowMark.Confirmed;
                confirmed.Update(key, flow);
                begun.Delete(key);
            }
        }
    }

    public void Dispose()
    {
        _tuples.Dispose();
        _dataplane.Dispose();
    }
}
