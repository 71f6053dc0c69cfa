using EbpfPersonas.Agent.Link;
using EbpfPersonas.Protos.V1;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Link;

public sealed class DesiredStateApplierTests : IDisposable
{
    private readonly FakeDataplane _dataplane = new();
    private readonly StateFolder _folder = new();
    private readonly DesiredStateApplier _applier;

    public DesiredStateApplierTests()
    {
        _applier = _folder.Applier(_dataplane);
        _applier.Welcome("store-1");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Acknowledges_with_what_is_in_force()
    {
        var result = Apply(3, "database_client", revision: 7)!;

        Assert.Equal(3ul, result.Generation);
        Assert.Equal(
            new RealisedState { Generation = 3, Epoch = 1, Persona = "database_client", Revision = 7 },
            result.Realised);
    }

    [Fact]
    public void No_persona_is_a_desired_state_too()
    {
        Apply(1, "a");

        Assert.Equal(
            new RealisedState { Generation = 2, Epoch = 2 },
            _applier.Apply(new DesiredState { Generation = 2 })!.Realised);
    }

    [Fact]
    public void Ignores_an_older_generation()
    {
        Apply(5, "a");

        Assert.Null(Apply(4, "b"));
        Assert.Equal("a", _dataplane.Realised.Persona);
    }

    [Fact]
    public void Acknowledges_what_is_in_force_already_without_applying_it_again()
    {
        Apply(5, "a");
        var again = Apply(5, "a")!;

        Assert.Equal(1u, again.Realised.Epoch);
        Assert.Equal([5ul], _dataplane.Applied);
    }

    [Fact]
    public void Refuses_what_the_kernel_refuses_and_keeps_the_persona_before()
    {
        Apply(1, "a");
        var result = Apply(2, "refused")!;

        Assert.Equal(("KERNEL", "no room"), (result.Error.Code, result.Error.Message));
        Assert.Equal("a", _dataplane.Realised.Persona);
        Assert.Null(Apply(1, "a"));
        Assert.NotNull(Apply(2, "a")!.Realised);
    }

    [Fact]
    public void Refuses_a_persona_that_it_cannot_read_and_names_the_field()
    {
        var persona = Wire.Persona("a");
        persona.Rules.Add(new Rule { Id = "r", Direction = (Direction)9 });
        var result = _applier.Apply(new DesiredState { Generation = 1, Persona = persona })!;

        Assert.Equal("COMPILE", result.Error.Code);
        Assert.Contains("rules[0].direction", result.Error.Message, StringComparison.Ordinal);
        Assert.Empty(_dataplane.Applied);
    }

    [Fact]
    public void Generations_of_another_store_are_not_compared()
    {
        Apply(100, "a");
        _applier.Welcome("store-2");

        Assert.Equal("b", Apply(1, "b")!.Realised.Persona);
    }

    [Fact]
    public void The_same_controller_coming_back_changes_nothing()
    {
        Apply(100, "a");
        _applier.Welcome("store-1");

        Assert.Null(Apply(99, "b"));
        Assert.Equal(1u, Apply(100, "a")!.Realised.Epoch);
    }

    [Fact]
    public void A_state_that_the_disk_does_not_take_is_refused_and_the_persona_before_stays()
    {
        Apply(1, "a");
        Directory.CreateDirectory(_folder.File(StateName.Pending) + StateFile.BesideSuffix);
        var result = Apply(2, "b")!;

        Assert.Equal("STATE", result.Error.Code);
        Assert.Contains(_folder.File(StateName.Pending), result.Error.Message, StringComparison.Ordinal);
        Assert.Equal("a", _dataplane.Realised.Persona);
        Assert.Equal("a", _folder.Load(StateName.Applied).Persona!.Name);
        Directory.Delete(_folder.File(StateName.Pending) + StateFile.BesideSuffix);
        Assert.NotNull(Apply(2, "b")!.Realised);
    }

    [Fact]
    public void What_the_datapath_refuses_is_not_left_on_disk()
    {
        Apply(1, "a");
        Apply(2, "refused");

        Assert.Equal(StateFault.Missing, _folder.Load(StateName.Pending).Fault);
        Assert.Equal("a", _folder.Load(StateName.Applied).Persona!.Name);
    }

    [Fact]
    public void Is_confirmed_when_the_controller_was_heard_under_it_and_not_before()
    {
        Apply(1, "a");
        Apply(2, "b");
        Assert.Equal(StateFault.Missing, _folder.Load(StateName.Confirmed).Fault);

        // The receipt of an answer under other rules proves nothing of these.
        _applier.Received(1);
        Assert.Equal(StateFault.Missing, _folder.Load(StateName.Confirmed).Fault);

        _applier.Received(2);
        Assert.Equal("b", _folder.Load(StateName.Confirmed).Persona!.Name);
    }

    [Fact]
    public void The_welcome_on_a_new_stream_confirms_as_well()
    {
        Apply(1, "a");
        _applier.Welcome("store-2");

        Assert.Equal("store-1", _folder.Load(StateName.Confirmed).State!.ControllerId);
    }

    [Fact]
    public void A_held_state_refuses_all_others_and_gives_way_to_the_newest()
    {
        Apply(1, "a");
        _applier.ApplyLocal(null);
        _applier.Hold("The operator says no.");
        var answers = new List<ApplyResult>();
        _applier.Answered += answers.Add;

        Assert.Equal("BREAK_GLASS", Apply(1, "a")!.Error.Code);
        Assert.Equal("The operator says no.", Apply(2, "b")!.Error.Message);
        Assert.Null(_dataplane.Realised.Persona);
        _applier.Welcome("store-1");
        Assert.Equal(StateFault.Missing, _folder.Load(StateName.Confirmed).Fault);

        Assert.True(_applier.Release());
        Assert.Equal("b", _dataplane.Realised.Persona);
        Assert.Equal(2ul, Assert.Single(answers).Generation);
    }

    [Fact]
    public void Without_a_newer_one_the_state_from_before_the_hold_comes_back()
    {
        Assert.False(_applier.Release());
        Apply(1, "a");
        _applier.Hold("no");
        _applier.ApplyLocal(null);

        Assert.True(_applier.Release());
        Assert.Equal("a", _dataplane.Realised.Persona);
    }

    [Fact]
    public void Generations_stay_comparable_over_a_restart()
    {
        Apply(5, "a");
        _applier.Received(5);
        var next = _folder.Applier(_dataplane);
        next.Resume(_folder.Load(StateName.Confirmed).State!, confirmed: true);
        next.Welcome("store-1");

        Assert.Null(next.Apply(StateFolder.Desired(4, "b")));
        Assert.Equal(1u, next.Apply(StateFolder.Desired(5, "a"))!.Realised.Epoch);
        next.Welcome("store-2");
        Assert.Equal("b", next.Apply(StateFolder.Desired(1, "b"))!.Realised.Persona);
    }

    private ApplyResult? Apply(ulong generation, string persona, ulong revision = 1) =>
        _applier.Apply(new DesiredState { Generation = generation, Persona = Wire.Persona(persona, revision) });
}
