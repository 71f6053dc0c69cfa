namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>What happened to a flow; none of it is ever taken back.</summary>
[Flags]
public enum FlowMarks
{
    None = 0,

    /// <summary>A packet came from the other side.</summary>
    Answered = 1,

    /// <summary>The originator went on after the answer: the flow is in the table that refuses when full.</summary>
    Confirmed = 2,

    /// <summary>A FIN came in.</summary>
    FinIngress = 4,

    /// <summary>A FIN went out.</summary>
    FinEgress = 8,

    Reset = 16,

    /// <summary>Seen in the middle: who began is a guess.</summary>
    PickedUp = 32,
}
