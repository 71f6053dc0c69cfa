using System.Globalization;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.TestKit.Network;
using Xunit;
using Live = EbpfPersonas.Agent.Activity.RunningProcess;
using RunningProcess = EbpfPersonas.TestKit.Processes.RunningProcess;


namespace EbpfPersonas.Agent.Tests.Activity;

/// <summary>Processes that run already, read from /proc: the same answers as the trace would have given.</summary>
public sealed class ProcFilesTests(TestPrograms programs) : IClassFixture<TestPrograms>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Finds_the_path_as_executed_and_the_file_that_a_link_leads_to()
    {
        var link = programs.Link("mysql-running", "/bin/sleep");
        await using var process = RunningProcess.Start(link, ["60"]);
        var found = await ReadAsync(process, p => p.Image.Path == link);

        Assert.Equal("/usr/bin/sleep", found.Image.Executable);
        Assert.Equal(
            (0u, "root", (uint)Environment.ProcessId),
            (found.Image.UserId, found.Image.UserName, found.ParentPid));
    }

    [Fact]
    public async Task Finds_only_the_script_where_the_kernel_runs_an_interpreter()
    {
        var script = programs.Script("running.sh", "#!/bin/sh\nread line\n");
        await using var process = RunningProcess.Start(script, []);

        Assert.Empty((await ReadAsync(process, p => p.Image.Path == script)).Image.Executable);
    }

    [Fact]
    public async Task Finds_only_the_script_where_its_relative_path_leads_nowhere_any_more()
    {
        programs.Script("relative.sh", "#!/bin/sh\ncd /\nread line\n");
        await using var process = RunningProcess.Start("sh", ["-c", $"cd {programs.Folder} && exec ./relative.sh"]);

        Assert.Empty((await ReadAsync(process, p => p.Image.Path == "./relative.sh")).Image.Executable);
    }

    [Fact]
    public async Task Finds_only_the_file_where_it_was_run_from_memory()
    {
        await using var process = RunningProcess.Start(
            programs["exec_by_descriptor"],
            ["memory", "payload", "/bin/sleep", "60"]);
        var found = await ReadAsync(process, p => p.Image.Executable == "/memfd:payload");

        Assert.Empty(found.Image.Path);
    }

    [Fact]
    public async Task Finds_a_program_whose_file_was_replaced_since()
    {
        var copy = programs["replaced"];
        File.Copy("/bin/sleep", copy);
        await using var process = RunningProcess.Start(copy, ["60"]);
        await ReadAsync(process, p => p.Image.Path == copy);
        File.Delete(copy);
        File.Copy("/bin/sleep", copy);

        Assert.Equal(copy, (await ReadAsync(process, p => p.Image.Path == copy)).Image.Executable);
    }

    [Fact]
    public async Task Finds_a_process_whose_first_thread_has_ended()
    {
        var program = programs["leader_exits_first"];
        await using var process = RunningProcess.Start(program, ["1"]);
        await process.WaitForOutputAsync("waiting", Patience);

        Assert.Equal(program, (await ReadAsync(process, p => p.Image.Path == program)).Image.Executable);
    }

    [Fact]
    public async Task Leaves_kernel_threads_zombies_and_other_namespaces_out()
    {
        await using var lab = await Lab.CreateAsync();
        var host = await lab.AddHostAsync("scanned", "10.0.0.5/24");
        await using var inside = host.Start("/bin/sleep", ["60"]);
        await using var zombie = RunningProcess.Start("sh", ["-c", "/bin/true & echo $!; exec sleep 60"]);
        await zombie.WaitForOutputAsync("\n", Patience).ContinueWith(static _ => { }, TaskScheduler.Default);
        var files = new ProcFiles(new UserNames());
        await WaitAsync(() => new FileInfo($"/proc/{inside.Id}/exe").LinkTarget == "/usr/bin/sleep");

        Assert.Null(files.Read(2)); // kthreadd
        Assert.Null(files.Read((uint)inside.Id));
        Assert.NotNull(
            new ProcFiles(new UserNames(), inside.Id.ToString(CultureInfo.InvariantCulture)).Read((uint)inside.Id));
        Assert.Null(files.Read(uint.Parse(zombie.Output.Split('\n')[0], CultureInfo.InvariantCulture)));
        Assert.Contains((uint)Environment.ProcessId, ProcFiles.Pids().Where(files.InNamespace));
        Assert.DoesNotContain((uint)inside.Id, ProcFiles.Pids().Where(files.InNamespace));
    }

    private static async Task<Live> ReadAsync(RunningProcess process, Func<Live, bool> wanted)
    {
        var files = new ProcFiles(Names());
        Live? found = null;
        await WaitAsync(() => (found = files.Read((uint)process.Id)) is not null && wanted(found));
        return found!;
    }

    private static UserNames Names()
    {
        var names = new UserNames();
        names.Refresh();
        return names;
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), deadline.Token);
        }
    }
}
