using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Confirmation;

/// <summary>What is confirmed, what is left again, and when.</summary>
public sealed class ConfirmationTests
{
    private const string NoAnswer = "no answer";

    [Fact]
    public async Task A_persona_that_lets_the_controller_through_is_confirmed_and_stays()
    {
        await using var vm = new ConfirmingVm(answer: null);
        vm.Apply(ConfirmingVm.Persona("a"));
        Assert.False(vm.Folder.Load(StateName.Confirmed).State is not null);

        await vm.ConfirmAsync();

        Assert.Equal(vm.Dataplane.Realised, Assert.Single(vm.Asked));
        Assert.Equal("a", vm.InForce);
        Assert.Equal("a", vm.Folder.Load(StateName.Confirmed).Persona!.Name);
        vm.SinceBoot += TimeSpan.FromHours(1);
        vm.Restart();
        Assert.Equal("a", vm.InForce);
        Assert.Null(vm.Confirmations.Waits);
    }

    [Fact]
    public async Task One_that_does_not_gives_way_to_what_was_confirmed_before()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("before", seconds: 0));
        vm.Apply(ConfirmingVm.Persona("a"));
        Assert.Equal("before", vm.Folder.Load(StateName.Confirmed).Persona!.Name);

        await vm.LetItPassAsync();

        Assert.Equal("before", vm.InForce);
        Assert.Equal(1ul, vm.Dataplane.Realised.Generation);
        Assert.Equal("before", vm.Folder.Load(StateName.Applied).Persona!.Name);
        var rollback = Assert.Single(vm.Confirmations.Rollbacks);
        Assert.Equal(
            ("a", 1ul, 1u, false, "timeout"),
            (rollback.Persona, rollback.Revision, rollback.Count, rollback.Quarantined, rollback.Reason));
        Assert.Equal(1, vm.Reconnects);
    }

    [Fact]
    public async Task Without_anything_confirmed_before_it_gives_way_to_none()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("a"));

        await vm.LetItPassAsync();

        Assert.Null(vm.InForce);
    }

    [Fact]
    public async Task A_return_that_fails_is_tried_until_it_is_done()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("before", seconds: 0));
        vm.Apply(ConfirmingVm.Persona("a"));
        vm.Dataplane.Faults = 2;

        await vm.LetItPassAsync();

        Assert.Equal("before", vm.InForce);
        Assert.Equal(1u, Assert.Single(vm.Confirmations.Rollbacks).Count);
    }

    [Fact]
    public async Task A_staged_one_is_held_back_until_a_controller_is_heard()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("floor", seconds: 0), ConfirmingVm.Persona("a"));
        vm.Switch("a");

        await vm.LetItPassAsync();

        Assert.Equal([new PersonaRevision("a", 1)], vm.Dataplane.HeldBack);
        vm.Restart();
        Assert.Equal([new PersonaRevision("a", 1)], vm.Dataplane.HeldBack);
        vm.Applier.Welcome("store-1");
        Assert.Empty(vm.Dataplane.HeldBack);
    }

    [Fact]
    public async Task A_staged_one_has_to_be_confirmed_each_time_and_the_floor_below_it_once()
    {
        await using var vm = new ConfirmingVm(answer: null);
        vm.Apply(ConfirmingVm.Persona("floor"), ConfirmingVm.Persona("a"));
        await vm.ConfirmAsync();
        for (var time = 0; time < 2; time++)
        {
            vm.Switch("a");
            Assert.Equal("a", vm.Confirmations.Waits!.Persona.Persona);
            await vm.ConfirmAsync();
            vm.Switch("floor");
            Assert.Null(vm.Confirmations.Waits);
        }
    }

    [Fact]
    public async Task What_is_replaced_in_time_is_not_rolled_back()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("a"));
        vm.Apply(ConfirmingVm.Persona("b", seconds: 0));

        Assert.Null(vm.Confirmations.Waits);
        vm.SinceBoot += TimeSpan.FromHours(1);
        vm.Restart();
        Assert.Equal("b", vm.InForce);
        Assert.Empty(vm.Confirmations.Rollbacks);
    }

    [Fact]
    public async Task The_same_persona_in_a_new_generation_gets_no_new_time()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("a"));
        var deadline = vm.Confirmations.Waits!.Deadline;
        vm.SinceBoot += TimeSpan.FromSeconds(5);
        vm.Apply(ConfirmingVm.Persona("a"), ConfirmingVm.Persona("staged"));

        Assert.Equal(deadline, vm.Confirmations.Waits!.Deadline);
    }

    [Fact]
    public async Task The_second_time_quarantines_the_revision_until_a_later_one_comes()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        var desired = new Protos.V1.DesiredState { Generation = 1, Persona = ConfirmingVm.Persona("a") };
        vm.Apply(desired);
        await vm.LetItPassAsync();
        vm.Applier.Welcome("store-1");
        Assert.Equal("a", vm.Apply(desired).Realised.Persona);
        await vm.LetItPassAsync();
        vm.Applier.Welcome("store-1");

        Assert.Equal("QUARANTINED", vm.Apply(desired).Error.Code);
        Assert.True(Assert.Single(vm.Confirmations.Rollbacks).Quarantined);
        vm.Restart("the next boot", keepsDatapath: false);
        vm.Applier.Welcome("store-1");
        Assert.Equal("QUARANTINED", vm.Apply(desired).Error.Code);
        Assert.Equal([new PersonaRevision("a", 1)], vm.Dataplane.HeldBack);

        var later = new Protos.V1.DesiredState { Generation = 2, Persona = ConfirmingVm.Persona("a", revision: 2) };
        Assert.Equal("a", vm.Apply(later).Realised.Persona);
        Assert.Empty(vm.Confirmations.Rollbacks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_agent_that_comes_back_after_the_deadline_leaves_it_at_once(bool keepsDatapath)
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("before", seconds: 0));
        vm.Apply(ConfirmingVm.Persona("a"));
        vm.SinceBoot += TimeSpan.FromSeconds(10);
        vm.Restart(keepsDatapath: keepsDatapath);

        Assert.Equal(keepsDatapath ? "before" : null, vm.InForce);
        Assert.Equal("agent_restart", Assert.Single(vm.Confirmations.Rollbacks).Reason);
        Assert.True(vm.Confirmations.IsBarred(ConfirmingVm.Persona("a")));
    }

    [Fact]
    public async Task One_that_comes_back_before_goes_on_to_the_same_deadline()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("a"));
        var deadline = vm.Confirmations.Waits!.Deadline;
        vm.SinceBoot += TimeSpan.FromSeconds(9);
        vm.Restart();

        Assert.Equal("a", vm.InForce);
        Assert.Equal(deadline, vm.Confirmations.Waits!.Deadline);
        await vm.LetItPassAsync();
        Assert.Null(vm.InForce);
    }

    [Fact]
    public async Task A_reboot_before_it_was_confirmed_is_a_failed_confirmation()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("a"));
        vm.SinceBoot = TimeSpan.FromSeconds(3);
        vm.Restart("the next boot", keepsDatapath: false);

        Assert.Equal("reboot", Assert.Single(vm.Confirmations.Rollbacks).Reason);
        Assert.Equal(new PersonaRevision("a", 1), vm.Confirmations.RolledBackAtStart);
        vm.Restart("the next boot", keepsDatapath: false);
        Assert.Equal(1u, Assert.Single(vm.Confirmations.Rollbacks).Count);
        Assert.Null(vm.Confirmations.RolledBackAtStart);
    }

    [Fact]
    public async Task A_staged_one_that_ended_while_the_agent_was_away_was_not_rolled_back()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("floor", seconds: 0), ConfirmingVm.Persona("a"));
        vm.Switch("a");
        vm.SinceBoot += TimeSpan.FromMinutes(1);
        vm.Dataplane.Switch("floor");
        vm.Restart();

        Assert.Empty(vm.Confirmations.Rollbacks);
        Assert.Null(vm.Confirmations.Waits);
    }

    [Fact]
    public async Task A_clock_on_the_wall_that_jumps_moves_no_deadline()
    {
        var wall = new JumpingWall();
        await using var vm = new ConfirmingVm(NoAnswer, wall);
        vm.Apply(ConfirmingVm.Persona("a"));
        var deadline = vm.Confirmations.Waits!.Deadline;
        wall.Offset = TimeSpan.FromDays(400);
        vm.Restart();
        Assert.Equal(deadline, vm.Confirmations.Waits!.Deadline);
        wall.Offset = TimeSpan.FromDays(-400);
        vm.Restart();
        Assert.Equal(deadline, vm.Confirmations.Waits!.Deadline);
        Assert.Empty(vm.Confirmations.Rollbacks);
    }

    [Fact]
    public async Task What_the_operator_holds_need_not_be_confirmed()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("a"));
        vm.Applier.Hold("The filters are off.", enforced: false);
        Assert.Null(vm.Confirmations.Waits);

        vm.Applier.Release();
        Assert.Equal("a", vm.Confirmations.Waits!.Persona.Persona);
    }

    [Fact]
    public async Task A_damaged_file_gives_the_persona_in_force_its_time_anew()
    {
        await using var vm = new ConfirmingVm(NoAnswer);
        vm.Apply(ConfirmingVm.Persona("a"));
        File.WriteAllText(Path.Join(vm.Folder.Path, "confirmation"), "not what was written");
        vm.SinceBoot += TimeSpan.FromMinutes(1);
        vm.Restart();

        Assert.Equal(vm.SinceBoot + TimeSpan.FromSeconds(10), vm.Confirmations.Waits!.Deadline);
    }

    private sealed class JumpingWall : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
    }
}
