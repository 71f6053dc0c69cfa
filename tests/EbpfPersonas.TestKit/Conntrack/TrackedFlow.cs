using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>A flow that passed, and what is known of it.</summary>
public sealed class TrackedFlow(FlowTuple tuple, CasePacket first, Expectation said, int epoch, TimeSpan now)
{
    private readonly TcpSide _ingress = new();
    private readonly TcpSide _egress = new();

    public FlowTuple Tuple { get; } = tuple;

    /// <summary>The packet that made it, by which it is judged again.</summary>
    public CasePacket First { get; } = first;

    /// <summary>Of the first packet.</summary>
    public Direction Originator => First.Direction;

    /// <summary>What the rules said of it.</summary>
    public Expectation Said { get; set; } = said;

    /// <summary>The epoch whose rules said that.</summary>
    public int Epoch { get; set; } = epoch;

    public FlowMarks Marks { get; set; }

    /// <summary>When the last packet that belonged to it passed.</summary>
    public TimeSpan LastSeen { get; set; } = now;

    /// <summary>Both sides said farewell, or one broke off.</summary>
    public bool IsClosed => Has(FlowMarks.Reset) || Has(FlowMarks.FinIngress | FlowMarks.FinEgress);

    /// <summary>A SYN began it, and nothing that answers it was seen.</summary>
    public bool IsUnanswered => !Has(FlowMarks.Answered) && !Has(FlowMarks.PickedUp);

    public bool Has(FlowMarks marks) => Marks.HasFlag(marks);

    /// <summary>The side whose packets go in this direction.</summary>
    public TcpSide Side(Direction direction) => direction == Direction.Ingress ? _ingress : _egress;

    /// <summary>The other one.</summary>
    public TcpSide Opposite(Direction direction) => direction == Direction.Ingress ? _egress : _ingress;
}
