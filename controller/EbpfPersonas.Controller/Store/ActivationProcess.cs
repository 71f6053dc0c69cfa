namespace EbpfPersonas.Controller.Store;

/// <summary>The process behind an activation, as the agent reported it. <paramref name="Event"/> is started, exited or snapshot.</summary>
internal sealed record ActivationProcess(
    string Event, long Pid, long ParentPid, long UserId, string UserName, string Path, string Executable, DateTimeOffset Time);
