namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Something a VM did, for its <c>activity</c>. <paramref name="Kind"/> is process_started, process_exited or snapshot;
/// <paramref name="Id"/> grows by one from 1 and begins again with the controller.
/// </summary>
internal sealed record ActivityRecord(
    long Id, string Kind, DateTimeOffset Time, uint? Pid, uint? ParentPid, uint? UserId, string? UserName, string? Path,
    string? Executable, string? Start, int? Processes);
