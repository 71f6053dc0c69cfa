namespace EbpfPersonas.Controller.Store;

/// <summary>The closed set of what becomes of an activation; also the metric's label.</summary>
internal static class ActivationResult
{
    /// <summary>No answer from the agent so far.</summary>
    public const string Pending = "pending";

    /// <summary>The datapath runs it.</summary>
    public const string Realized = "realized";

    /// <summary>The agent refused it; what ran before runs on.</summary>
    public const string Failed = "failed";

    /// <summary>A newer one came before the answer.</summary>
    public const string Superseded = "superseded";
}
