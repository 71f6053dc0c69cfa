using EbpfPersonas.Benchmarks.Hook;
using EbpfPersonas.Benchmarks.Peers;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Stack;

/// <summary>
/// The configurations for one rule set, each in a namespace of its own, checked to give the same verdicts as ours.
/// </summary>
internal sealed class StackSetUp : IAsyncDisposable
{
    public const string None = "no filter";
    public const string NoneFlows = "no filter, 1,024 flows";
    public const string Ours = "ours";
    public const string OursStateful = "ours with conntrack, 1,024 flows";
    public const string Policy = "LPM + LPM";

    private const int SampleSize = 4096;

    private readonly Lab _lab;
    private readonly Workload _workload;
    private readonly List<StackLane> _lanes = [];
    private readonly List<string> _failed = [];
    private readonly Stack<IDisposable> _owned = [];
    private readonly LiveFrames _uniform;
    private readonly LiveFrames _flows;
    private readonly (LiveFrames Frames, int Count) _allowed;
    private readonly (LiveFrames Frames, int Count) _denied;

    private StackSetUp(Lab lab, Workload workload)
    {
        _lab = lab;
        _workload = workload;
        _uniform = Frames(workload.Allowed(), TcpControl.Syn);
        _flows = Own(new LiveFrames(workload.Established(), workload.IsV6));
        _allowed = Sample(workload.Allowed());
        _denied = Sample(workload.Denied());
    }

    public IReadOnlyList<StackLane> Lanes => _lanes;

    /// <summary>Peers that could not load the set.</summary>
    public IReadOnlyList<string> Failed => _failed;

    public static async Task<StackSetUp> CreateAsync(
        Workload workload, IEnumerable<PeerForm> forms, Action<string> progress, CancellationToken cancellation)
    {
        var setUp = new StackSetUp(await Lab.CreateAsync(), workload);
        try
        {
            await setUp.AddOursAsync();
            var rules = PeerRule.From(workload.Persona, workload.IsV6);
            foreach (var form in forms.Where(form => workload.Rules <= form.MaxRules))
            {
                cancellation.ThrowIfCancellationRequested();
                await setUp.AddPeerAsync(form, rules, progress);
            }

            return setUp;
        }
        catch
        {
            await setUp.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var owned))
        {
            owned.Dispose();
        }

        await _lab.DisposeAsync();
    }

    private async Task AddOursAsync()
    {
        _lanes.Add(new StackLane(None, await StackHost.AddAsync(_lab), _uniform));
        _lanes.Add(new StackLane(NoneFlows, await StackHost.AddAsync(_lab), _flows));
        await AddProgramAsync(Ours, _workload.Ours.Program("classify_ingress"), _uniform);
        await AddProgramAsync(OursStateful, _workload.Ours.Program("filter_ingress"), _flows);
        _lanes[^1].Host.Send(_flows, Workload.EstablishingPackets);
        _workload.Ours.ConfirmFlows();
        var policy = Own(new IdentityPolicy(_workload.Persona));
        await AddProgramAsync(Policy, policy.Program("policy_ingress"), _uniform, isPeer: true);
    }

    private async Task AddProgramAsync(string name, BpfProgram program, LiveFrames frames, bool isPeer = false)
    {
        var host = await StackHost.AddAsync(_lab);
        Own(host.Attach(program));
        var wrong = await WrongAsync(host);
        _lanes.Add(isPeer || wrong == 0
            ? new StackLane(name, host, frames, wrong, isPeer)
            : throw new InvalidOperationException(
                $"On the hook, {name} gives {wrong} other verdicts than in a test run."));
    }

    private async Task AddPeerAsync(PeerForm form, IReadOnlyList<PeerRule> rules, Action<string> progress)
    {
        var host = await StackHost.AddAsync(_lab);
        try
        {
            var script = form.Script(rules, _workload.IsV6);
            progress($"  {form.Name}: loaded in {await host.LoadAsync(form.Load, script):0} ms");
            _lanes.Add(new StackLane(form.Name, host, _uniform, await WrongAsync(host), IsPeer: true));
        }
        catch (Exception refused) when (refused is InvalidOperationException or TimeoutException)
        {
            progress($"  {form.Name}: {refused.Message[..Math.Min(refused.Message.Length, 300)]}");
            _failed.Add(form.Name);
        }
    }

    /// <summary>To how many of the packets that we let pass, and of those that we drop, it does otherwise.</summary>
    private async Task<long> WrongAsync(StackHost host)
    {
        var passed = await host.CountArrivalsAsync(_allowed.Frames, _allowed.Count);
        var leaked = await host.CountArrivalsAsync(_denied.Frames, _denied.Count);
        return _allowed.Count - passed + leaked;
    }

    private (LiveFrames Frames, int Count) Sample(IEnumerable<TrafficTuple> tuples)
    {
        TrafficTuple[] sample = [.. tuples.Take(SampleSize)];
        return (Frames(sample, TcpControl.Syn), sample.Length);
    }

    private LiveFrames Frames(IEnumerable<TrafficTuple> tuples, TcpControl flags) =>
        Own(new LiveFrames(BenchTuple.Fill([.. tuples], flags), _workload.IsV6));

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }
}
