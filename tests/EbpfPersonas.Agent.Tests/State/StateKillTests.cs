using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using Xunit;

namespace EbpfPersonas.Agent.Tests.State;

/// <summary>A real process, killed by the kernel between any two steps of what it writes.</summary>
public sealed class StateKillTests
{
    private const int Killed = 128 + 9;
    private const int PreparedAt = 4; // The pending file has its name.

    [Fact]
    public async Task Killed_at_any_step_the_disk_has_the_old_state_or_the_new_one()
    {
        var step = 0;
        int exitCode;
        do
        {
            using var folder = new StateFolder();
            folder.Store.Prepare(StateFolder.Stored(1, "a"));
            folder.Store.Promote();
            folder.Store.Confirm(StateFolder.Stored(0, "p"));
            folder.Store.Confirm(StateFolder.Stored(1, "a"));

            exitCode = await StateWriter.RunProcessAsync(folder.Path, ++step);
            Check(folder, step, exitCode);
        }
        while (exitCode == Killed);

        Assert.Equal(0, exitCode);
        Assert.Equal(1 + 4 + 1 + 4 + 4, step);
    }

    private static void Check(StateFolder folder, int step, int exitCode)
    {
        var kept = folder.Store.Load();
        Assert.All(kept, state => Assert.True(state.Fault is null or StateFault.Missing, $"{step}: {state.Message}"));

        // Before the switch the datapath runs "a", after it "b": while both may be, both are there.
        var known = kept.Select(state => state.Persona?.Name).ToArray();
        Assert.Contains("a", known);
        Assert.Equal(step >= PreparedAt || exitCode == 0, known.Contains("b"));
        Assert.Contains(folder.Load(StateName.Confirmed).Persona?.Name, (string[])["a", "b"]);
        Assert.Contains(folder.Load(StateName.Previous).Persona?.Name, (string[])["p", "a"]);
        Assert.Contains(folder.Load(StateName.Applied).Persona?.Name, (string[])["a", "b"]);

        // And the next process writes as if nothing had been.
        folder.Store.Prepare(StateFolder.Stored(3, "c"));
        Assert.Equal("c", folder.Load(StateName.Pending).Persona!.Name);
    }
}
