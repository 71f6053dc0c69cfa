namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Something a VM did, for its <c>activity</c>. <paramref name="Kind"/> is process_started, process_exited, snapshot or
/// break_glass; <paramref name="Id"/> grows by one from 1 and begins again with the controller.
/// </summary>
internal sealed record ActivityRecord(
    long Id, string Kind, DateTimeOffset Time, uint? Pid, uint? ParentPid, uint? UserId, string? UserName, string? Path,
    string? Executable, string? Start, int? Processes)
{
    /// <summary>Only of break_glass: what the operator said to the agent.</summary>
    public string? Command { get; init; }

    /// <summary>Only of break_glass: what came of it.</summary>
    public string? Outcome { get; init; }
}
