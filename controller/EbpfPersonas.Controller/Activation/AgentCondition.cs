namespace EbpfPersonas.Controller.Activation;

/// <summary>Something that an agent says keeps its VM from enforcing what was decided (agent_service.proto).</summary>
internal sealed record AgentCondition(string Type, string Message)
{
    /// <summary>Whether the VM enforces something else than what was decided, as long as this holds.</summary>
    public bool Degrades => Type is "DETACHED" or "BASELINE_HELD";
}
