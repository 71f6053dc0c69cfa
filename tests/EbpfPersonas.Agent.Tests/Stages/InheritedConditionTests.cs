using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Deployment;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>What the kernel counts for an agent that is gone, and what the next one makes of it.</summary>
public sealed class InheritedConditionTests : IAsyncLifetime
{
    private const int Restarts = 2 * KernelStages.Capacity;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly KernelCondition Cat = new("cat", null, null, null);
    private static readonly KernelCondition Sleep = new("sleep", null, null, null);

    private readonly GracePeriod _grace = new();
    private StageLab _lab = null!;

    public async Task InitializeAsync() => _lab = await StageLab.CreateAsync();

    public async Task DisposeAsync()
    {
        await _lab.DisposeAsync();
        _grace.Dispose();
    }

    [Fact]
    public void However_often_an_agent_starts_again_there_is_room_for_its_conditions()
    {
        for (var start = 0; start < Restarts; start++)
        {
            using var stages = Begin();
            Assert.NotNull(stages.Watch(Cat));
            Assert.NotNull(stages.Watch(new KernelCondition($"program-{start}", null, null, null)));
            stages.ForgetLeft();
            Assert.Equal(2, stages.Watched.Count());
        }
    }

    [Fact]
    public async Task What_counts_already_goes_on_under_its_number_and_is_in_force_meanwhile()
    {
        var number = _lab.StageClient(Cat);
        await using var cat = _lab.Vm.Start("cat", []);
        await InForceAsync("client");

        using var stages = Begin();
        Assert.Equal(number, stages.Watch(Cat));
        // Another of the same is one more.
        Assert.NotEqual(number, stages.Watch(Cat));
        Assert.Equal(1u, stages.State.Condition[number].Live);
        Assert.Equal("client", _lab.InForce);
    }

    [Fact]
    public async Task What_is_given_up_before_there_is_a_new_table_stays_for_the_old_one()
    {
        var number = _lab.StageClient(Cat);
        using var stages = Begin();
        stages.Watch(Cat);
        var other = stages.Watch(Sleep)!.Value;
        stages.Forget((1UL << number) | (1UL << other));
        Assert.Equal(number, Assert.Single(stages.Watched).Number);

        await using var cat = _lab.Vm.Start("cat", []);
        await InForceAsync("client");
        Assert.Equal(number, stages.Watch(Cat));
    }

    private KernelStages Begin() => new(_lab.Dataplane.Filter, _grace, () => { });

    private Task<TimeSpan> InForceAsync(string name) => Eventually.TrueAsync(
        () => Task.FromResult(_lab.InForce == name), Patience, () => $"{name} is in force, not {_lab.InForce}");
}
