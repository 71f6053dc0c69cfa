using System.Diagnostics;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;

namespace EbpfPersonas.KernelTests;

/// <summary>
/// The process programs see on this kernel what they see on the build machine's: links, mounts, scripts, fork and exit.
/// </summary>
internal static class TraceSmoke
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static void Check(Report report)
    {
        report.Check("trace a program behind a link", () =>
        {
            File.CreateSymbolicLink("/run/true", "/bin/busybox");
            Expect("/run/true", "/bin/busybox");
        });
        report.Check("trace a program on another mount", () =>
        {
            Directory.CreateDirectory("/tmp/one/two");
            File.Copy("/bin/busybox", "/tmp/one/two/true");
            Expect("/tmp/one/two/true", "/tmp/one/two/true");
        });
        report.Check("trace a script", () =>
        {
            File.WriteAllText("/tmp/script", "#!/bin/busybox true\n");
            File.SetUnixFileMode("/tmp/script", UnixFileMode.UserRead | UnixFileMode.UserExecute);
            Expect("/tmp/script", "");
        });
    }

    /// <summary>Runs <paramref name="path"/> and wants its fork, exec and exit, in this order and once each.</summary>
    private static void Expect(string path, string executable)
    {
        using var tracer = ProcessTracer.Open(BpfImages.Read("process.bpf.o"), NetworkNamespace.ReadCookie());
        tracer.Attach();
        using var process = Process.Start(path);
        process.WaitForExit();

        var seen = new List<ProcessRecord>();
        var start = Stopwatch.GetTimestamp();
        while (!seen.Exists(record => record.Event.Kind == ProcessEventKind.Exit)
            && Stopwatch.GetElapsedTime(start) < Patience)
        {
            seen.AddRange(tracer.Drain().Where(record => record.Event.Pid == process.Id));
        }

        var kinds = string.Join(' ', seen.Select(record => record.Event.Kind));
        if (kinds != "Fork Exec Exit" || seen[1].Path != path || seen[1].Executable != executable
            || tracer.ReadLost() != 0)
        {
            throw new InvalidOperationException(
                $"saw {kinds}: {string.Join(", ", seen.Select(record => $"'{record.Path}' '{record.Executable}'"))}; " +
                $"{tracer.ReadLost()} lost");
        }
    }
}
