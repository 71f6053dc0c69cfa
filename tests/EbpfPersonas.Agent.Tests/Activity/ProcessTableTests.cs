using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Personas.Activation;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Activity;

public sealed class ProcessTableTests
{
    private static readonly ProcessImage Shell = new("/bin/sh", "/usr/bin/dash", 0, "root");

    [Fact]
    public void A_fork_has_the_image_of_its_parent_and_keeps_it_when_the_parent_ends()
    {
        var table = new ProcessTable(10);
        table.Set(new RunningProcess(1, 0, Shell));

        Assert.True(table.TryFork(1, 2, out var child));
        Assert.True(table.Remove(1));

        Assert.Equal(new RunningProcess(2, 1, Shell), child);
        Assert.Equal([child], table.Processes);
    }

    [Fact]
    public void A_fork_of_an_unknown_parent_is_not_guessed()
    {
        Assert.False(new ProcessTable(10).TryFork(1, 2, out _));
    }

    [Fact]
    public void An_end_counts_once()
    {
        var table = new ProcessTable(10);
        table.Set(new RunningProcess(1, 0, Shell));

        Assert.True(table.Remove(1));
        Assert.False(table.Remove(1));
    }

    [Fact]
    public void A_full_table_refuses_new_processes_and_still_renews_known_ones()
    {
        var table = new ProcessTable(1);
        table.Set(new RunningProcess(1, 0, Shell));

        Assert.False(table.Set(new RunningProcess(2, 0, Shell)));
        Assert.False(table.TryFork(1, 3, out _));
        Assert.True(table.Set(new RunningProcess(1, 0, Shell with { Path = "/bin/bash" })));

        Assert.Equal(2ul, table.Refused);
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void Long_paths_are_bounded_too_and_their_room_comes_back()
    {
        var table = new ProcessTable(int.MaxValue);
        var image = new ProcessImage(new string('a', 4095), new string('b', 4095), 0, "root");
        var taken = Enumerable.Range(1, 2000).Count(pid => table.Set(new RunningProcess((uint)pid, 0, image)));

        Assert.InRange(taken * 8194, ProcessTable.TextMax - 8194, ProcessTable.TextMax);
        Assert.Equal(2000ul - (ulong)taken, table.Refused);
        Assert.True(table.Set(new RunningProcess(1, 0, image)));
        Assert.True(table.Remove(1));
        Assert.True(table.Set(new RunningProcess(3000, 0, image)));
        table.Clear();
        Assert.True(table.Set(new RunningProcess(3001, 0, image)));
    }

    [Fact]
    public void One_user_with_long_paths_does_not_crowd_out_another()
    {
        var table = new ProcessTable(int.MaxValue);
        var hoarded = new ProcessImage(new string('a', 4095), new string('b', 4095), 1000, "mallory");
        var taken = Enumerable.Range(1, 5000).Count(pid => table.Set(new RunningProcess((uint)pid, 0, hoarded)));

        Assert.InRange(taken, 1, ProcessTable.TextOfUserMax / 8190);
        Assert.True(table.Set(
            new RunningProcess(6000, 0, new ProcessImage("/usr/bin/mysql", "/usr/bin/mariadb", 1001, "alice"))));
        Assert.True(table.Remove(1));
        Assert.True(table.Set(new RunningProcess(1, 0, hoarded)), "what ended makes room again");
    }
}
