namespace EbpfPersonas.Agent.Confirmation;

/// <summary>The words for reasons on the wire, on disk and in metrics.</summary>
internal static class RollbackReasonWords
{
    /// <summary>timeout, agent_restart or reboot.</summary>
    public static string Word(this RollbackReason reason) => reason switch
    {
        RollbackReason.AgentRestart => "agent_restart",
        RollbackReason.Reboot => "reboot",
        _ => "timeout",
    };

    /// <summary>The reason that a word stands for; an unknown one is the commonest.</summary>
    public static RollbackReason Read(string word) =>
        Array.Find(Enum.GetValues<RollbackReason>(), reason => reason.Word() == word);
}
