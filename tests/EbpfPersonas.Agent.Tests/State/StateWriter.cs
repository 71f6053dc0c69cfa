using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.TestKit.Processes;
using Tmds.Linux;

namespace EbpfPersonas.Agent.Tests.State;

/// <summary>
/// A process that brings generation 2 from pending to confirmed, and that the kernel kills at one of its steps.
/// </summary>
internal static class StateWriter
{
    private static readonly string Folder = AppContext.BaseDirectory;

    /// <summary>As a process of its own; gives the exit code, 137 where it was killed.</summary>
    public static async Task<int> RunProcessAsync(string folder, int dieAt)
    {
        await using var process = RunningProcess.Start(
            "dotnet",
            [
                "exec", "--runtimeconfig", Path.Join(Folder, "EbpfPersonas.Agent.Tests.runtimeconfig.json"),
                "--depsfile", Path.Join(Folder, "EbpfPersonas.Agent.Tests.deps.json"),
                Path.Join(Folder, "EbpfPersonas.Agent.Tests.dll"), "write-state", folder, $"{dieAt}",
            ]);
        return await process.WaitForExitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>The process itself.</summary>
    public static int Run(string folder, int dieAt)
    {
        var steps = 0;
        var store = new StateStore(folder, StateFolder.VmId, _ => Step());
        var state = StateFolder.Stored(2, "b");
        store.Prepare(state);
        store.Promote();
        Step();
        store.Confirm(state);
        return 0;

        void Step()
        {
            if (++steps == dieAt)
            {
                _ = LibC.kill(LibC.getpid(), LibC.SIGKILL);
            }
        }
    }
}
