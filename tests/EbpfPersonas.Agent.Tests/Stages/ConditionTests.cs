using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Agent.Tests.Activity;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>What the kernel makes of real programs: for which of them a condition holds, and until when.</summary>
public sealed class ConditionTests(TestPrograms programs) : IClassFixture<TestPrograms>, IAsyncLifetime
{
    private const string Nobody = "65534";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private StageLab _lab = null!;

    public async Task InitializeAsync() => _lab = await StageLab.CreateAsync();

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [InlineData("a link", "name=mysql", true)]
    [InlineData("a link", "name=sleep", true)]
    [InlineData("a link", "name=mariadb", false)]
    [InlineData("a link", "name=mysq", false)]
    [InlineData("a link", "path=/usr/bin/sleep", true)]
    [InlineData("a link", "path=FOLDER/mysql", true)]
    [InlineData("a link", "path=/bin/mysql", false)]
    [InlineData("a link", "name=mysql path=/usr/bin/sleep", true)]
    [InlineData("a link", "name=mysql path=/bin/mysql", false)]
    [InlineData("a link", "name=mysql user=0", true)]
    [InlineData("a link", "name=mysql user=65534", false)]
    [InlineData("a link", "user=0", true)]
    [InlineData("another user's", "user=65534", true)]
    [InlineData("another user's", "name=sleep user=65534", true)]
    [InlineData("another user's", "name=sleep user=0", false)]
    [InlineData("a script", "name=backup.sh", true)]
    [InlineData("a script", "path=FOLDER/backup.sh", true)]
    [InlineData("a script", "name=dash", false)]
    [InlineData("a script", "path=/usr/bin/dash", false)]
    [InlineData("a script of perl", "name=report.pl", true)]
    [InlineData("a script of perl", "name=perl", false)]
    [InlineData("a script through env", "name=perl", true)]
    [InlineData("a script through env", "name=report.pl", false)]
    [InlineData("from memory", "name=memfd:payload", true)]
    [InlineData("from memory", "name=payload", false)]
    [InlineData("by a descriptor of its directory", "name=sleep", true)]
    [InlineData("by a descriptor of its directory", "path=/usr/bin/sleep", true)]
    [InlineData("by a descriptor of its directory", "path=/usr/bin/true", false)]
    [InlineData("a child", "name=sleep parent=parent.sh", true)]
    [InlineData("a child", "name=sleep parent=FOLDER/parent.sh", true)]
    [InlineData("a child", "name=sleep parent=dash", false)]
    [InlineData("a child", "parent=parent.sh", true)]
    [InlineData("a threaded program whose leader is gone", "name=leader_exits_first", true)]
    [InlineData("a threaded program whose leader is gone", "name=leader", false)]
    [InlineData("in another namespace", "name=sleep", false)]
    public async Task Holds_for(string what, string condition, bool holds)
    {
        var number = _lab.StageClient(Parse(condition));
        await using var process = Start(what);
        await ReadyAsync(process, what);

        await Eventually.TrueAsync(
            () => Task.FromResult(Live(number) > 0 == holds), Patience,
            () => $"{condition} of {what}: {Live(number)} live");
        Assert.Equal(holds ? StageLab.Client.Name : StageLab.Before.Name, _lab.InForce);

        process.CloseInput();
        await (what == "a child" ? process.WaitForExitAsync(Patience) : process.StopAsync());
        await Eventually.TrueAsync(
            () => Task.FromResult(Live(number) == 0 && _lab.InForce == StageLab.Before.Name), Patience,
            () => $"{what} is over: {Live(number)} live, {_lab.InForce} in force");
    }

    [Fact]
    public async Task A_program_that_was_replaced_by_a_newer_one_counts_as_before()
    {
        var number = _lab.StageClient(new KernelCondition("daemon", programs["daemon"], null, null));
        for (var version = 0; version < 3; version++)
        {
            // As dpkg does: a new file takes the name.
            File.Copy("/bin/sleep", programs["daemon.new"]);
            File.Move(programs["daemon.new"], programs["daemon"], overwrite: true);
            await using var process = _lab.Vm.Start(programs["daemon"], ["60"]);
            await LiveAsync(number, 1);
            await process.StopAsync();
            await LiveAsync(number, 0);
        }
    }

    [Fact]
    public async Task A_fork_keeps_the_persona_until_the_last_of_them_ends()
    {
        var number = _lab.StageClient(new KernelCondition("fork_and_wait", null, null, null));
        await using var process = _lab.Vm.Start(programs["fork_and_wait"], []);
        await LiveAsync(number, 2);
        Assert.Equal(StageLab.Client.Name, _lab.InForce);

        process.CloseInput();
        await LiveAsync(number, 0);
        Assert.Equal(StageLab.Before.Name, _lab.InForce);
    }

    [Fact]
    public async Task An_image_that_replaces_another_counts_in_its_place()
    {
        var number = _lab.StageClient(new KernelCondition("sleep", null, null, null));
        await using var process = _lab.Vm.Start(
            "sh", ["-c", "echo ready; read line; exec sleep 60"]);
        await process.WaitForOutputAsync("ready", Patience);
        Assert.Equal(0u, Live(number));
        process.CloseInput();
        await LiveAsync(number, 1);
    }

    /// <summary>The kernel compares no text of a length that nobody wants.</summary>
    [Fact]
    public async Task A_text_counts_as_long_as_anybody_wants_one_of_its_length()
    {
        var number = _lab.StageClient(new KernelCondition("sleep", null, null, null));
        var sameLength = new KernelCondition("sloop", null, null, null);
        var others = Enumerable.Repeat(sameLength, 3).Select(other => _lab.Stages.Watch(other)!.Value).ToArray();
        foreach (var other in others)
        {
            _lab.Stages.Forget(1UL << other);
            await using var process = _lab.Vm.Start("sleep", ["60"]);
            await LiveAsync(number, 1);
            await process.StopAsync();
            await LiveAsync(number, 0);
        }

        // A parent's text may have the length of one that nobody wants of the process itself.
        var child = _lab.Stages.Watch(new KernelCondition(null, null, null, "dash"))!.Value;
        await using var shell = _lab.Vm.Start("dash", ["-c", "cat; true"]);
        await LiveAsync(child, 1);
        shell.CloseInput();
        await LiveAsync(child, 0);
    }

    [Fact]
    public async Task What_runs_already_counts_when_it_is_adopted_unless_it_has_another_image_by_then()
    {
        await using var before = _lab.Vm.Start("sleep", ["60"]);
        await using var replaced = _lab.Vm.Start("sh", ["-c", "echo ready; read line; exec sleep 60"]);
        await replaced.WaitForOutputAsync("ready", Patience);
        await Eventually.TrueAsync(() => Task.FromResult(NameOf(before) == "sleep"), Patience, () => "sleep runs");
        var number = _lab.StageClient(new KernelCondition("sleep", null, null, null));
        var bit = 1UL << number;
        Assert.Equal(0u, Live(number));

        var (first, second) = (_lab.Stages.Remember((uint)before.Id), _lab.Stages.Remember((uint)replaced.Id));
        Assert.True(_lab.Stages.Adopt((uint)before.Id, first!.Value, bit, 0));
        Assert.True(_lab.Stages.Adopt((uint)before.Id, first.Value, bit, 0), "twice is once");
        _lab.Stages.Settle();
        Assert.Equal((1u, StageLab.Client.Name), (Live(number), _lab.InForce));

        // Its shell was looked at, and then it became something else, which the kernel has counted itself.
        replaced.CloseInput();
        await LiveAsync(number, 2);
        Assert.False(_lab.Stages.Adopt((uint)replaced.Id, second!.Value, bit, 0));
        Assert.Equal(2u, Live(number));

        await replaced.StopAsync();
        await before.StopAsync();
        await LiveAsync(number, 0);
        Assert.Equal(StageLab.Before.Name, _lab.InForce);
    }

    [Fact]
    public async Task A_condition_that_is_forgotten_leaves_its_number_clean()
    {
        var number = _lab.StageClient(new KernelCondition("sleep", null, null, null));
        await using var process = _lab.Vm.Start("sleep", ["60"]);
        await LiveAsync(number, 1);

        _lab.Dataplane.Apply(2, StageLab.Before);
        Assert.Equal(StageLab.Before.Name, _lab.InForce);
        _lab.Stages.Forget(1UL << number);
        Assert.Equal(0u, Live(number));

        // The same number, for another program.
        Assert.Equal(number, _lab.Stages.Watch(new KernelCondition("cat", null, null, null)));
        await using var cat = _lab.Vm.Start("cat", []);
        await LiveAsync(number, 1);
        await process.StopAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1u, Live(number));
    }

    [Fact]
    public async Task A_latching_condition_keeps_its_persona_until_it_is_told_to_let_go()
    {
        var number = _lab.StageClient(new KernelCondition("sleep", null, null, null));
        _lab.Dataplane.Arm(new Arming(1UL << number, 1UL << number));
        await using var process = _lab.Vm.Start("sleep", ["60"]);
        await LiveAsync(number, 1);
        await process.StopAsync();
        await LiveAsync(number, 0);

        Assert.Equal(StageLab.Client.Name, _lab.InForce);
        Assert.True(_lab.Stages.State.Condition[number].Ended > _lab.Stages.State.Condition[number].Began);
        _lab.Stages.Unlatch(1UL << number);
        _lab.Stages.Settle();
        Assert.Equal(StageLab.Before.Name, _lab.InForce);
    }

    private RunningProcess Start(string what) => what switch
    {
        "a link" => _lab.Vm.Start(Link("mysql", "/bin/sleep"), ["60"]),
        "another user's" => _lab.Vm.Start("setpriv", ["--reuid", Nobody, "/bin/sleep", "60"]),
        "a script" => _lab.Vm.Start(programs.Script("backup.sh", "#!/bin/sh\nread line\n"), []),
        "a script of perl" => _lab.Vm.Start(programs.Script("report.pl", "#!/usr/bin/perl\nsleep 60\n"), []),
        "a script through env" => _lab.Vm.Start(
            programs.Script("report.pl", "#!/usr/bin/env perl\nsleep 60\n"), []),
        "from memory" => _lab.Vm.Start(programs["exec_by_descriptor"], ["memory", "payload", "/bin/sleep", "60"]),
        "by a descriptor of its directory" => _lab.Vm.Start(
            programs["exec_by_descriptor"], ["directory", "/usr/bin", "sleep", "60"]),
        "a child" => _lab.Vm.Start(
            programs.Script("parent.sh", "#!/bin/sh\nsleep 60 &\nread line\nkill $!\nwait\n"), []),
        "a threaded program whose leader is gone" => _lab.Vm.Start(programs["leader_exits_first"], ["2"]),
        "in another namespace" => _lab.Peer.Start("/bin/sleep", ["60"]),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such program"),
    };

    /// <summary>Until it runs what it is there for, so that what does not hold has had its chance.</summary>
    private static Task ReadyAsync(RunningProcess process, string what) => what switch
    {
        "a threaded program whose leader is gone" => process.WaitForOutputAsync("waiting", Patience),
        _ => Eventually.TrueAsync(
            () => Task.FromResult(NameOf(process) is not ("nsenter" or "setpriv" or "exec_by_descrip" or "env" or "")),
            Patience, () => $"{what} runs, not {NameOf(process)}"),
    };

    private static string NameOf(RunningProcess process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }

    private string Link(string name, string target) =>
        File.Exists(programs[name]) ? programs[name] : programs.Link(name, target);

    private KernelCondition Parse(string text)
    {
        var parts = text.Replace("FOLDER", programs.Folder, StringComparison.Ordinal).Split(' ')
            .Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        return new KernelCondition(
            parts.GetValueOrDefault("name"), parts.GetValueOrDefault("path"),
            parts.TryGetValue("user", out var user) ? uint.Parse(user) : null, parts.GetValueOrDefault("parent"));
    }

    private uint Live(int number) => _lab.Stages.State.Condition[number].Live;

    private Task<TimeSpan> LiveAsync(int number, uint expected) => Eventually.TrueAsync(
        () => Task.FromResult(Live(number) == expected), Patience, () => $"{expected} live, not {Live(number)}");
}
