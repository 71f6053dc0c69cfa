using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.Benchmarks.Tracing;

/// <summary>
/// auditd with a rule for execve, which writes to a log of this run's own. The kernel's audit is one for the machine:
/// it is switched on for this, where nobody uses it, and off again.
/// </summary>
internal static class AuditTracer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Tracer Of(string folder) => new("auditd", async () =>
    {
        var status = await RunningProcess.RunAsync("auditctl", "-s");
        if (!status.Contains("enabled 0", StringComparison.Ordinal)
            || !status.Contains("pid 0", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"Somebody uses this machine's audit: {status}");
        }

        await File.WriteAllTextAsync(
            Path.Join(folder, "auditd.conf"),
            $"""
            local_events = yes
            write_logs = yes
            log_file = {Path.Join(folder, "audit.log")}
            log_format = RAW
            flush = INCREMENTAL_ASYNC
            freq = 50
            max_log_file = 1000
            num_logs = 2
            max_log_file_action = ROTATE
            space_left = 75
            space_left_action = IGNORE
            admin_space_left = 50
            admin_space_left_action = IGNORE
            disk_full_action = IGNORE
            disk_error_action = IGNORE

            """);
        File.Delete(Path.Join(folder, "audit.log"));
        var process = RunningProcess.Start("auditd", ["-n", "-s", "nochange", "-c", folder]);
        try
        {
            await TestKit.Deployment.Eventually.TrueAsync(
                async () => (await RunningProcess.RunAsync("auditctl", "-s"))
                    .Contains($"pid {process.Id}", StringComparison.Ordinal),
                Patience, () => $"auditd takes what the kernel says: {process.Output}");
            await RunningProcess.RunAsync("auditctl", "-b", "8192", "-e", "1");
            await RunningProcess.RunAsync("auditctl", "-a", "always,exit", "-F", "arch=b64", "-S", "execve");
        }
        catch
        {
            await StopAsync(process);
            throw;
        }

        return new Tracer.Running(process.Id, () => StopAsync(process));
    });

    private static async Task StopAsync(RunningProcess process)
    {
        try
        {
            await RunningProcess.RunAsync("auditctl", "-D");
            await RunningProcess.RunAsync("auditctl", "-b", "64", "-e", "0");
        }
        finally
        {
            await process.DisposeAsync();
        }
    }
}
