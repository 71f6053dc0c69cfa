using System.Globalization;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Activity;

/// <summary>The real programs of bpf/src/process.bpf.c on real processes.</summary>
public sealed class TraceTests(TestPrograms programs) : IClassFixture<TestPrograms>
{
    [Fact]
    public async Task Reports_the_path_as_executed_and_the_file_that_a_link_leads_to()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();
        var link = programs.Link("mysql", "/bin/sleep");

        await using var process = traced.Host.Start(link, ["60"]);
        var record = await traced.WaitForAsync(ProcessEventKind.Exec, process.Id, link);

        Assert.Equal(Path.GetFullPath("/usr/bin/sleep"), record.Executable);
        Assert.Equal((uint)Environment.ProcessId, record.Event.ParentPid);
        Assert.Equal(0u, record.Event.UserId);
    }

    [Fact]
    public async Task Reports_the_user_that_runs_the_program()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();

        await using var process = traced.Host.Start("setpriv", ["--reuid", "65534", "/bin/sleep", "60"]);
        var record = await traced.WaitForAsync(ProcessEventKind.Exec, process.Id, "/bin/sleep");

        Assert.Equal(65534u, record.Event.UserId);
    }

    [Fact]
    public async Task Reports_only_the_script_where_the_kernel_runs_an_interpreter()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();
        var script = programs.Script("backup.sh", "#!/bin/sh\nread line\n");

        await using var process = traced.Host.Start(script, []);
        var record = await traced.WaitForAsync(ProcessEventKind.Exec, process.Id, script);

        Assert.Empty(record.Executable);
    }

    [Fact]
    public async Task Reports_only_the_file_where_it_was_run_from_memory()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();

        await using var process = traced.Host.Start(
            programs["exec_by_descriptor"], ["memory", "payload", "/bin/sleep", "60"]);
        var record = await traced.WaitForAsync(r =>
            r.Event.Kind == ProcessEventKind.Exec && r.Event.Pid == process.Id && r.Executable == "/memfd:payload");

        Assert.Empty(record.Path);
    }

    [Fact]
    public async Task Reports_the_name_that_was_given_beside_a_directory_descriptor()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();

        await using var process = traced.Host.Start(
            programs["exec_by_descriptor"], ["directory", "/usr/bin", "sleep", "60"]);
        var record = await traced.WaitForAsync(ProcessEventKind.Exec, process.Id, "sleep");

        Assert.Equal("/usr/bin/sleep", record.Executable);
    }

    [Fact]
    public async Task Reports_the_path_of_a_file_behind_a_mount_and_many_directories()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();
        var mount = Path.Join(programs.Folder, "mount");
        var deep = Path.Join(mount, string.Join('/', Enumerable.Repeat("directory", 200)));

        // A mount namespace of its own: the mount ends with the process.
        await using var process = traced.Host.Start("unshare", ["--mount", "sh", "-c",
            $"mkdir {mount} && mount -t tmpfs none {mount} && mkdir -p {deep} && " +
            $"cp /bin/sleep {deep}/deep && exec {deep}/deep 60"]);
        var record = await traced.WaitForAsync(ProcessEventKind.Exec, process.Id, $"{deep}/deep");

        Assert.Equal($"{deep}/deep", record.Executable);
    }

    [Fact]
    public async Task Reports_a_fork_that_never_calls_exec()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();

        await using var process = traced.Host.Start(programs["fork_and_wait"], []);
        var record = await traced.WaitForAsync(
            r => r.Event.Kind == ProcessEventKind.Fork && r.Event.ParentPid == process.Id);
        process.CloseInput();
        await traced.WaitForAsync(ProcessEventKind.Exit, (int)record.Event.Pid);

        // What it printed may come later than what the kernel tells of it.
        await process.WaitForOutputAsync(
            string.Create(CultureInfo.InvariantCulture, $"child {record.Event.Pid}"), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Reports_the_end_with_the_last_thread_and_not_with_the_leader()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();

        await using var process = traced.Host.Start(programs["leader_exits_first"], ["1"]);
        await process.WaitForOutputAsync("waiting", TimeSpan.FromSeconds(10));
        await WaitForZombieLeaderAsync(process.Id);
        traced.Seen.AddRange(traced.Tracer.Drain());
        Assert.DoesNotContain(traced.Seen, r => r.Event.Kind == ProcessEventKind.Exit && r.Event.Pid == process.Id);

        process.CloseInput();
        await traced.WaitForAsync(ProcessEventKind.Exit, process.Id);
    }

    [Fact]
    public async Task Reports_the_end_once_however_many_threads_end_together()
    {
        await using var traced = await TracedHost.CreateAsync();
        traced.Tracer.Attach();

        for (var round = 0; round < 10; round++)
        {
            await using var process = traced.Host.Start(programs["leader_exits_first"], ["32"]);
            await process.WaitForOutputAsync("waiting", TimeSpan.FromSeconds(10));
            process.CloseInput();
            await process.WaitForExitAsync(TimeSpan.FromSeconds(10));
            await traced.WaitForAsync(ProcessEventKind.Exit, process.Id);
            traced.Seen.AddRange(traced.Tracer.Drain());
            Assert.Single(traced.Seen, r => r.Event.Kind == ProcessEventKind.Exit && r.Event.Pid == process.Id);
        }
    }

    [Fact]
    public async Task Says_nothing_of_other_namespaces()
    {
        await using var traced = await TracedHost.CreateAsync();
        var neighbour = await traced.AddNeighbourAsync();
        traced.Tracer.Attach();

        await neighbour.RunAsync("/bin/true");
        await RunningProcess.RunAsync("/bin/true");
        await using var own = traced.Host.Start("/bin/sleep", ["60"]);
        await traced.WaitForAsync(ProcessEventKind.Exec, own.Id, "/bin/sleep");

        Assert.All(traced.Seen, record => Assert.Equal((uint)own.Id, record.Event.Pid));
    }

    [Fact]
    public async Task Reports_the_end_of_a_process_that_runs_something_in_another_namespace()
    {
        await using var traced = await TracedHost.CreateAsync();
        var neighbour = await traced.AddNeighbourAsync();
        traced.Tracer.Attach();

        await using var process = traced.Host.Start(
            "nsenter", [$"--net={neighbour.NamespacePath}", "/bin/sleep", "60"]);
        await traced.WaitForAsync(ProcessEventKind.Exec, process.Id, "/usr/bin/nsenter");
        await traced.WaitForAsync(ProcessEventKind.Exit, process.Id);

        Assert.False(process.HasExited);
    }

    [Fact]
    public async Task Counts_exactly_what_the_ring_had_no_room_for()
    {
        await using var traced = await TracedHost.CreateAsync(ringSize: 4096);
        traced.Tracer.Attach();

        // Of every process that sh starts: fork, exec, exit; and the exec and exit of sh itself.
        await traced.Host.RunAsync("/bin/sh", "-c", "i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done");
        var delivered = (ulong)traced.Tracer.Drain().Count;

        Assert.InRange(delivered, 1ul, 200ul);
        Assert.Equal((500ul * 3) + 2, delivered + traced.Tracer.ReadLost());
    }

    private static async Task WaitForZombieLeaderAsync(int pid)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!(await File.ReadAllTextAsync($"/proc/{pid}/stat", deadline.Token))
            .Contains(") Z ", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), deadline.Token);
        }
    }
}
