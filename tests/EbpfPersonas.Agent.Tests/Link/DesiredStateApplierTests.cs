using EbpfPersonas.Agent.Link;
using EbpfPersonas.Protos.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Link;

public sealed class DesiredStateApplierTests
{
    private readonly FakeDataplane _dataplane = new();
    private readonly DesiredStateApplier _applier;

    public DesiredStateApplierTests()
    {
        _applier = new DesiredStateApplier(_dataplane, TimeProvider.System, NullLogger<DesiredStateApplier>.Instance);
        _applier.Welcome("store-1");
    }

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

    private ApplyResult? Apply(ulong generation, string persona, ulong revision = 1) =>
        _applier.Apply(new DesiredState { Generation = generation, Persona = Wire.Persona(persona, revision) });
}
