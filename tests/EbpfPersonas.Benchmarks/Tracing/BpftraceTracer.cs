using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Benchmarks.Tracing;

/// <summary>bpftrace, which writes exec with its path, fork and exit of all processes to a file.</summary>
internal static class BpftraceTracer
{
    private const string Script =
        """
        tracepoint:sched:sched_process_exec { printf("exec %d %s\n", pid, str(args->filename)); }
        tracepoint:sched:sched_process_fork { printf("fork %d %d\n", args->parent_pid, args->child_pid); }
        tracepoint:sched:sched_process_exit { printf("exit %d\n", pid); }
        BEGIN { printf("begins\n"); }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>In a mount namespace of its own, where the kernel's list of trace points can be mounted.</summary>
    public static Tracer Of(LabHost host, string folder) => new("bpftrace", async () =>
    {
        var output = Path.Join(folder, "bpftrace.txt");
        File.Delete(output);
        var process = host.Start(
            "unshare",
            [
                "--mount", "sh", "-c",
                "mount -t tracefs tracefs /sys/kernel/tracing && exec bpftrace -o \"$0\" -e \"$1\"", output, Script,
            ]);
        await TestKit.Deployment.Eventually.TrueAsync(
            () => Task.FromResult(process.HasExited || (File.Exists(output) && new FileInfo(output).Length > 0)),
            Patience, () => $"bpftrace begins: {process.Output}");
        return process.HasExited
            ? throw new InvalidOperationException($"bpftrace ended by itself: {process.Output}")
            : new Tracer.Running(process.Id, () => process.DisposeAsync().AsTask());
    });
}
