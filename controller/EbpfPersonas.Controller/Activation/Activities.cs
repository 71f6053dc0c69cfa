namespace EbpfPersonas.Controller.Activation;

/// <summary>Makes activity records of what a VM reported.</summary>
internal static class Activities
{
    public static ActivityRecord Started(ProcessReport report, VmProcess process) => new(
        0, "process_started", report.Time, process.Pid, process.ParentPid, process.Image.UserId, process.Image.UserName,
        process.Image.Path, process.Image.Executable, report.Start, null);

    /// <summary>An exit, with what was known of the process.</summary>
    public static ActivityRecord Exited(ProcessReport report, VmProcess? process) => new(
        0, "process_exited", report.Time, report.Pid, process?.ParentPid, process?.Image.UserId,
        process?.Image.UserName,
        process?.Image.Path, process?.Image.Executable, null, null);

    /// <summary>The operator of the VM went around the controller.</summary>
    public static ActivityRecord BreakGlass(BreakGlassReport use) => new(
        0, "break_glass", use.Time, null, null, use.UserId, use.UserName, null, null, null, null)
    {
        Command = use.Command,
        Outcome = use.Outcome,
    };

    /// <summary>The VM listed all its processes.</summary>
    public static ActivityRecord Snapshot(int processes, DateTimeOffset now) =>
        new(0, "snapshot", now, null, null, null, null, null, null, null, processes);
}
