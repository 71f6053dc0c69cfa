using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Activity;

/// <summary>A folder with the C programs of Programs/, compiled, and room for links and scripts.</summary>
public sealed class TestPrograms : IAsyncLifetime
{
    private static readonly string[] Names =
    [
        "actors", "do_nothing", "exec_by_descriptor", "exec_storm", "first_packets", "fork_and_wait",
        "leader_exits_first", "run_repeatedly",
    ];

    // These begin without a C library.
    private static readonly string[] Bare = ["-nostdlib", "-static", "-fno-stack-protector"];

    public string Folder { get; } = Directory.CreateTempSubdirectory("ebpf-personas-programs-").FullName;

    public string this[string name] => Path.Join(Folder, name);

    public string Link(string name, string target)
    {
        File.CreateSymbolicLink(this[name], target);
        return this[name];
    }

    public string Script(string name, string text)
    {
        File.WriteAllText(this[name], text);
        File.SetUnixFileMode(this[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return this[name];
    }

    public async Task InitializeAsync()
    {
        foreach (var name in Names)
        {
            await RunningProcess.RunAsync(
                "gcc",
                [
                    "-O1", "-pthread", .. ToolOptions(name), "-o", this[name],
                    Path.Join(AppContext.BaseDirectory, "Programs", name + ".c"),
                ]);
        }
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return Task.CompletedTask;
    }

    private static string[] ToolOptions(string name) => name switch
    {
        "do_nothing" or "first_packets" => Bare,
        // Runs where there is nothing else.
        "actors" => ["-static"],
        _ => [],
    };
}
