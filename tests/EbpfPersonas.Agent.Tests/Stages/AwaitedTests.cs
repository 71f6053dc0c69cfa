using System.Collections.Immutable;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.TestKit.Deployment;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>What the controller waits for: the kernel says when it begins and ends, and does nothing else.</summary>
public sealed class AwaitedTests : IAsyncLifetime
{
    private const int Capacity = StageTable.ConditionCount;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    private StageLab _lab = null!;
    private StagedActivation _activation = null!;

    public async Task InitializeAsync()
    {
        _lab = await StageLab.CreateAsync();
        _activation = Activations.Of(_lab.Dataplane);
    }

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Fact]
    public async Task A_process_that_is_waited_for_wakes_somebody_when_it_begins_and_ends_and_switches_nothing()
    {
        _activation.Apply(1, StageLab.Before, null);
        var before = _lab.Dataplane.Realised;
        _activation.Await([Named("cat")]);

        await using var other = _lab.Vm.Start("sleep", ["60"]);
        Assert.Empty(await TurnsAsync(Silence));
        await using var cat = _lab.Vm.Start("cat", []);
        Assert.All(await AwaitedTurnsAsync(1), turn => Assert.True(turn.Began != 0 && turn.Epoch == 0));
        await cat.StopAsync();
        Assert.All(await AwaitedTurnsAsync(1), turn => Assert.True(turn.Ended != 0 && turn.Epoch == 0));
        Assert.Equal(before, _lab.Dataplane.Realised);

        _activation.Await([]);
        await using var again = _lab.Vm.Start("cat", []);
        Assert.Empty(await TurnsAsync(Silence));
    }

    [Fact]
    public async Task What_is_staged_takes_the_room_of_what_is_waited_for_and_gives_it_back()
    {
        _activation.Await([.. Enumerable.Range(0, Capacity + 6).Select(number => Named($"program-{number}"))]);
        Assert.Equal(Capacity, _lab.Stages.Watched.Count());

        _activation.Apply(1, StageLab.Before, Staging("cat", "sleep"));
        Assert.Equal(Capacity, _lab.Stages.Watched.Count());
        await using var cat = _lab.Vm.Start("cat", []);
        await Eventually.TrueAsync(() => Task.FromResult(_lab.InForce == "cat"), Patience, () => "cat is in force");
        await cat.StopAsync();

        _activation.Apply(2, StageLab.Before, null);
        Assert.Equal(Capacity, _lab.Stages.Watched.Count());
        _activation.Await([]);
        Assert.Empty(_lab.Stages.Watched);
    }

    [Fact]
    public void A_condition_that_the_kernel_cannot_compare_is_left_out_and_the_others_are_not()
    {
        _activation.Await([new ProcessCondition { ProcessPath = "/" + new string('a', 300) }, Named("cat")]);

        Assert.Equal("cat", Assert.Single(_lab.Stages.Watched).Condition.Name);
    }

    private static ProcessCondition Named(string name) => new() { ProcessName = name };

    private static Staging Staging(params ReadOnlySpan<string> names) => new(
        [
            .. names.ToArray().Select(name => new StagedPersona(
                new Binding(name, 500, new ProcessTrigger(Named(name)), Lifecycle.OfTriggerAlone),
                StageLab.Allowing(name, StageLab.NewAddress))),
        ],
        names.Length);

    private async Task<ImmutableArray<ProcessTurn>> AwaitedTurnsAsync(int count)
    {
        var turns = ImmutableArray<ProcessTurn>.Empty;
        await Eventually.TrueAsync(
            async () => (turns = turns.AddRange(await TurnsAsync(TimeSpan.Zero))).Length >= count, Patience,
            () => "a condition turned");
        Assert.All(turns, turn => Assert.True(_activation.IsAwaited(turn)));
        return turns;
    }

    private async Task<ImmutableArray<ProcessTurn>> TurnsAsync(TimeSpan duration)
    {
        await Task.Delay(duration);
        _lab.Tracer.Drain();
        return [.. _lab.Tracer.Turns];
    }
}
