namespace EbpfPersonas.Controller.Store;

/// <summary>
/// The process behind an activation, as the agent reported it. <paramref name="Event"/> is started, exited or snapshot.
/// </summary>
internal sealed record ActivationProcess(
    string Event, long Pid, long ParentPid, long UserId, string UserName, string Path, string Executable,
    DateTimeOffset Time)
{
    /// <summary>The last part of the path, which process_name compares.</summary>
    public string Name => System.IO.Path.GetFileName(Path.Length > 0 ? Path : Executable);
}
