namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// One event of a VM: <paramref name="Started"/> is null for an exit. <paramref name="Start"/> is exec, fork or
/// running.
/// </summary>
internal sealed record ProcessReport(DateTimeOffset Time, uint Pid, VmProcess? Started, string Start);
