using System.Collections.Immutable;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Deployment;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>Several personas that wait over a floor that changes.</summary>
public sealed class ArrangementTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Persona First = StageLab.Allowing("first", StageLab.NewAddress);
    private static readonly Persona Second = StageLab.Allowing("second", StageLab.NewAddress);
    private static readonly Persona Floor = StageLab.Before;
    private static readonly Persona Pinned = StageLab.Allowing("pinned");

    private StageLab _lab = null!;
    private ImmutableArray<StagedPersona> _staged;

    public async Task InitializeAsync()
    {
        _lab = await StageLab.CreateAsync();
        _staged =
        [
            new(First, [_lab.Stages.Watch(new KernelCondition("cat", null, null, null))!.Value]),
            new(Second, [_lab.Stages.Watch(new KernelCondition("sleep", null, null, null))!.Value]),
        ];
    }

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Fact]
    public async Task The_strongest_that_has_a_process_is_in_force_and_the_floor_is_below_them()
    {
        Arrange(1, Floor, 2);
        Assert.Equal("before", _lab.InForce);
        await using var sleep = _lab.Vm.Start("sleep", ["60"]);
        await InForceAsync("second");
        await using var cat = _lab.Vm.Start("cat", []);
        await InForceAsync("first");
        await sleep.StopAsync();
        await StaysAsync("first");
        await cat.StopAsync();
        await InForceAsync("before");
    }

    [Fact]
    public async Task A_floor_that_changes_under_a_persona_in_force_switches_nothing()
    {
        Arrange(1, Floor, 2);
        await using var sleep = _lab.Vm.Start("sleep", ["60"]);
        await InForceAsync("second");
        var before = _lab.Dataplane.Realised;

        Arrange(2, Pinned, 2);

        Assert.Equal(before with { Generation = 2 }, _lab.Dataplane.Realised);
        await sleep.StopAsync();
        await InForceAsync("pinned");
    }

    [Fact]
    public async Task A_floor_that_is_stronger_takes_over_at_once_and_gives_back_what_runs_still()
    {
        Arrange(1, Floor, 2);
        await using var sleep = _lab.Vm.Start("sleep", ["60"]);
        await InForceAsync("second");

        Arrange(2, Pinned, 0);
        Assert.Equal("pinned", _lab.InForce);
        await using var cat = _lab.Vm.Start("cat", []);
        await StaysAsync("pinned");

        Arrange(3, Floor, 2);
        Assert.Equal("first", _lab.InForce);
        await cat.StopAsync();
        await InForceAsync("second");
    }

    [Fact]
    public async Task A_floor_may_stand_between_two_that_wait()
    {
        Arrange(1, Floor, 1);
        await using var sleep = _lab.Vm.Start("sleep", ["60"]);
        await StaysAsync("before");
        await using var cat = _lab.Vm.Start("cat", []);
        await InForceAsync("first");
    }

    [Fact]
    public async Task Where_one_persona_is_refused_everything_is_as_it_was()
    {
        Arrange(1, Floor, 2);
        await using var sleep = _lab.Vm.Start("sleep", ["60"]);
        await InForceAsync("second");
        var before = _lab.Dataplane.Realised;
        var used = _lab.Dataplane.ReadCounters().MapUtilization["slots"];
        var wrong = StageLab.Allowing("wrong") with
        {
            Tests =
            [
                new VerdictTest(
                    new(Direction.Egress, IpProtocol.Tcp, IpAddress.Parse(StageLab.NewAddress)) { Port = 80 },
                    RuleAction.Allow),
            ],
        };

        var refused = Assert.Throws<ApplyException>(() => _lab.Dataplane.Arrange(new Arrangement
        {
            Generation = 2,
            Floor = Pinned,
            Staged = [.. _staged, new StagedPersona(wrong, [])],
            FloorRank = 3,
            Arming = Both,
        }));

        Assert.Equal("TEST_FAILED", refused.Code);
        Assert.Equal(before, _lab.Dataplane.Realised);
        Assert.Equal(used, _lab.Dataplane.ReadCounters().MapUtilization["slots"]);
        await sleep.StopAsync();
        await InForceAsync("before");
    }

    [Fact]
    public async Task What_waits_no_more_gives_its_room_back_and_what_waits_on_is_not_compiled_again()
    {
        var compiled = 0;
        await using var lab = await StageLab.CreateAsync(compiler: (persona, capacity) =>
        {
            compiled++;
            return CheckedCompiler.Compile(persona, capacity);
        });
        var number = lab.Stages.Watch(new KernelCondition("sleep", null, null, null))!.Value;
        for (ulong generation = 1; generation <= 300; generation++)
        {
            lab.Dataplane.Arrange(new Arrangement
            {
                Generation = generation,
                Staged = [new(First, [number]), new(Second with { Revision = generation }, [])],
                FloorRank = 2,
            });
        }

        Assert.Equal(301, compiled);
        await Eventually.TrueAsync(
            () => Task.FromResult(lab.Dataplane.ReadCounters().MapUtilization["slots"] <= 3 / 128.0), Patience,
            () => "only two personas have slots");
    }

    private Arming Both => new(_staged.Aggregate(0UL, (mask, one) => mask | (1UL << one.Conditions[0])), 0);

    private void Arrange(ulong generation, Persona floor, int rank) => _lab.Dataplane.Arrange(new Arrangement
    {
        Generation = generation,
        Floor = floor,
        Staged = _staged,
        FloorRank = rank,
        Arming = Both,
    });

    private Task<TimeSpan> InForceAsync(string name) => Eventually.TrueAsync(
        () => Task.FromResult(_lab.InForce == name), Patience, () => $"{name} is in force, not {_lab.InForce}");

    /// <summary>Over a while in which a switch would have come.</summary>
    private async Task StaysAsync(string name)
    {
        for (var i = 0; i < 30; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10));
            Assert.Equal(name, _lab.InForce);
        }
    }
}
