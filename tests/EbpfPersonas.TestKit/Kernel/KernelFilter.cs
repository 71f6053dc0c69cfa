using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Conntrack;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>
/// The packet filter in the kernel, attached to nothing, asked about single frames through BPF_PROG_TEST_RUN. Its image
/// is bpf/tests/verdict.bpf.c: the production code, which also leaves each decision in a map.
/// </summary>
public sealed class KernelFilter : IDisposable
{
    /// <summary>include/uapi/linux/pkt_cls.h: TC_ACT_SHOT.</summary>
    public const int Shot = 2;

    /// <summary>include/uapi/linux/pkt_cls.h: TC_ACT_REDIRECT.</summary>
    public const int Redirect = 7;

    /// <summary>Room for any answer: the smallest MTU of IPv6, and Ethernet.</summary>
    private const int FrameMax = 2048;

    /// <summary>BPF_PROG_TEST_RUN takes frames as if they came by the loopback interface.</summary>
    private const int Loopback = 1;

    private readonly PersonaDataplane _dataplane;
    private readonly KernelFlows _flows;
    private Persona? _persona;

    /// <summary>Without a limit to answers, so that a verdict depends on no clock.</summary>
    public KernelFilter(ReadOnlyMemory<byte> verdictImage, DataplaneOptions? options = null)
    {
        _dataplane = PersonaDataplane.Load((options ?? new DataplaneOptions()) with
        {
            FilterImage = verdictImage,
            Compiler = (persona, linesMax) => Compiler(persona, linesMax),
            RejectRate = 1_000_000_000,
            RejectBurst = uint.MaxValue,
        });
        _flows = new KernelFlows(_dataplane.Filter);
        KnowsEthernet(true);
    }

    public PersonaDataplane Dataplane => _dataplane;

    /// <summary>What compiles personas from now on: the production's, or one that a test broke.</summary>
    public Func<Persona, int, CompiledPersona> Compiler { get; set; } = PersonaCompiler.Compile;

    /// <summary>
    /// Whether the filter reads the frames that it is given itself, as on Ethernet, or by calls, as on any other link.
    /// </summary>
    public void KnowsEthernet(bool known) => new EthernetLinks(_dataplane.Filter).Set(Loopback, known);

    /// <summary>Puts <paramref name="persona"/> in force, with no flow remembered.</summary>
    public void Use(Persona? persona)
    {
        ForgetFlows();
        SwitchTo(persona);
    }

    /// <summary>
    /// Puts <paramref name="persona"/> in force under a new epoch; flows are kept, to be judged again.
    /// </summary>
    public void SwitchTo(Persona? persona)
    {
        _dataplane.Apply(_dataplane.Realised.Generation + 1, persona);
        _persona = persona;
    }

    /// <summary>As <see cref="SwitchTo(Persona?)"/>, with a persona that is only evaluated.</summary>
    public void SwitchBeside(Persona? persona, Persona? shadow)
    {
        _dataplane.Arrange(new Arrangement
        {
            Generation = _dataplane.Realised.Generation + 1,
            Floor = persona,
            Shadow = shadow,
        });
        _persona = persona;
    }

    /// <summary>Writes <paramref name="persona"/> beside what is there, not active.</summary>
    public ResidentPersona Publish(Persona persona) =>
        _dataplane.Publish(persona, _dataplane.Realised.Generation + 1);

    /// <summary>
    /// Makes a published persona (null = none) active under a new epoch; the one before stays published.
    /// </summary>
    public void SwitchTo(Persona? persona, ResidentPersona? published)
    {
        _dataplane.SwitchTo(published);
        _persona = persona;
    }

    /// <summary>Empties conntrack, and what is known of datagrams in parts.</summary>
    public void ForgetFlows()
    {
        _flows.Clear();
        KernelFragments.Clear(_dataplane.Filter);
    }

    /// <summary>Forgets the flow that this packet began, if it did: far cheaper than to look for all flows.</summary>
    public void Forget(CasePacket packet)
    {
        if (packet.MayMakeFlow())
        {
            _flows.Delete(packet);
        }
    }

    /// <summary>What conntrack knows of the flow of a TCP packet.</summary>
    public ConntrackSnapshot ReadFlow(CasePacket packet) => _flows.Read(packet);

    /// <summary>The same persona under a new epoch: flows are judged again.</summary>
    public void SwitchEpoch() => _dataplane.SwitchTo(_dataplane.Current);

    /// <summary>
    /// What becomes of the next packet, in words; throws where the program's return value contradicts its verdict.
    /// </summary>
    public Expectation Decide(CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var said = Judge(packet.Direction, Frame.Build(packet));
        if (said.Answer is not null)
        {
            ForgetAnswers();
        }

        return said.Passed == said.Verdict is Verdict.Forwarded or Verdict.Audit
            && said.Answer is not null == said.Verdict is Verdict.Rejected
            ? new Expectation(said.Verdict.Word(), said.Reason.Word(), said.Rule)
            : throw new InvalidOperationException(
                $"{packet}: {said.Verdict.Word()}, and yet the packet was " +
                $"{(said.Passed ? "passed" : said.Answer is null ? "held" : "answered")}.");
    }

    /// <summary>What the kernel says of <paramref name="frame"/>.</summary>
    public KernelVerdict Judge(Direction direction, ReadOnlySpan<byte> frame)
    {
        var program = _dataplane.Filter.Program(direction == Direction.Ingress ? "filter_ingress" : "filter_egress");
        var addressed = frame.ToArray();
        if (direction == Direction.Ingress)
        {
            // The frame comes in by the loopback interface, whose address is all zeros.
            addressed.AsSpan(0, Math.Min(6, addressed.Length)).Clear();
        }

        var output = new byte[FrameMax];
        var result = program.TestRun(addressed, output, out var length);
        if (!_dataplane.Filter.Map("last_decision").TryLookup(0u, out Decision decision))
        {
            throw new InvalidOperationException("The filter left no decision.");
        }

        return new KernelVerdict(
            (Verdict)decision.Verdict, (Reason)decision.Reason, RuleId(NamedRule(decision)),
            result is not (Shot or Redirect), RuleId(decision.AuditedRule))
        {
            Answer = result == Redirect ? output[..length] : null,
        };
    }

    /// <summary>Waits for no answer any more: in a test run none is on its way.</summary>
    public void ForgetAnswers()
    {
        var answers = _dataplane.Filter.Map("expected_answers");
        foreach (var key in answers.Keys<ExpectedAnswer>().ToList())
        {
            answers.Delete(key);
        }
    }

    /// <summary>The first rule in audit mode that would have decided on the last packet, or null.</summary>
    public string? ReadAuditedRule() =>
        _dataplane.Filter.Map("last_decision").TryLookup(0u, out Decision decision)
            ? RuleId(decision.AuditedRule)
            : null;

    public void Dispose() => _dataplane.Dispose();

    /// <summary>
    /// The rule to name: the one that decided; where the packet is audited although that one allows it, the audited
    /// rule that would have decided.
    /// </summary>
    private uint NamedRule(Decision decision) =>
        decision is { Verdict: (byte)Verdict.Audit, Reason: (byte)Reason.DeniedRule } && !Denies(decision.Rule)
            ? decision.AuditedRule
            : decision.Rule;

    /// <summary>By its id: a compiler that a test broke may have other numbers.</summary>
    private bool Denies(uint number) =>
        RuleId(number) is { } id
        && _persona!.Rules.FirstOrDefault(rule => rule.Id == id)?.Action != RuleAction.Allow;

    /// <summary>Where a test broke something, the number may be no rule's.</summary>
    private string? RuleId(uint number)
    {
        var ids = _dataplane.Current?.Compiled.RuleIds ?? [];
        return number == uint.MaxValue ? null : number < ids.Length ? ids[(int)number] : $"number-{number}";
    }
}
