using System.Text;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Fuzzing;
using Google.Protobuf;
using Xunit;

namespace EbpfPersonas.Agent.Tests.State;

public sealed class StateStoreTests : IDisposable
{
    private readonly StateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_state_is_pending_until_it_is_promoted()
    {
        var store = _folder.Store;
        store.Prepare(StateFolder.Stored(1, "a"));
        store.Promote();
        store.Prepare(StateFolder.Stored(2, "b"));

        Assert.Equal(2ul, _folder.Load(StateName.Pending).State!.Desired.Generation);
        Assert.Equal(1ul, _folder.Load(StateName.Applied).State!.Desired.Generation);
        store.Promote();
        Assert.Equal(2ul, _folder.Load(StateName.Applied).State!.Desired.Generation);
        Assert.Equal(StateFault.Missing, _folder.Load(StateName.Pending).Fault);
    }

    [Fact]
    public void The_confirmed_one_before_stays_as_the_previous_one()
    {
        var store = _folder.Store;
        store.Confirm(StateFolder.Stored(1, "a"));
        store.Confirm(StateFolder.Stored(2, "b"));
        store.Confirm(StateFolder.Stored(2, "b"));

        Assert.Equal("b", _folder.Load(StateName.Confirmed).Persona!.Name);
        Assert.Equal("a", _folder.Load(StateName.Previous).Persona!.Name);
    }

    [Fact]
    public void A_state_that_is_applied_and_confirmed_is_read_once()
    {
        var store = _folder.Store;
        store.Prepare(StateFolder.Stored(1, "a"));
        store.Promote();
        store.Confirm(StateFolder.Stored(1, "a"));
        var kept = store.Load();
        var (applied, confirmed) = (kept.Single(one => one.Name == StateName.Applied),
            kept.Single(one => one.Name == StateName.Confirmed));
        Assert.NotNull(applied.State);
        Assert.Same(applied.State, confirmed.State);

        store.Confirm(StateFolder.Stored(2, "b"));
        Assert.Equal("a", _folder.Load(StateName.Applied).Persona!.Name);
        Assert.Equal("b", _folder.Load(StateName.Confirmed).Persona!.Name);
    }

    [Fact]
    public void A_damaged_confirmed_one_never_becomes_the_previous_one()
    {
        var store = _folder.Store;
        store.Confirm(StateFolder.Stored(1, "a"));
        store.Confirm(StateFolder.Stored(2, "b"));
        File.WriteAllBytes(_folder.File(StateName.Confirmed), [0]);
        store.Confirm(StateFolder.Stored(3, "c"));

        Assert.Equal("c", _folder.Load(StateName.Confirmed).Persona!.Name);
        Assert.Equal("a", _folder.Load(StateName.Previous).Persona!.Name);
    }

    [Fact]
    public void What_is_in_force_and_only_pending_is_not_overwritten()
    {
        _folder.Store.Prepare(StateFolder.Stored(1, "a"));
        var next = _folder.Store;
        next.TakePendingAsApplied();
        next.Prepare(StateFolder.Stored(2, "b"));

        Assert.Equal("a", _folder.Load(StateName.Applied).Persona!.Name);
        Assert.Equal("b", _folder.Load(StateName.Pending).Persona!.Name);
    }

    [Fact]
    public void Another_vms_state_is_refused()
    {
        new StateStore(_folder.Path, "vm-2").Confirm(StateFolder.Stored(1, "a"));
        var other = new StateStore(_folder.Path, "vm-2").Load().Single(kept => kept.Name == StateName.Confirmed);

        Assert.Equal(StateFault.OtherVm, other.Fault);
        Assert.Contains("vm-1", other.Message, StringComparison.Ordinal);
        Assert.Null(_folder.Load(StateName.Confirmed).Fault);
    }

    [Fact]
    public void What_a_newer_controller_says_beyond_our_words_is_kept_as_well()
    {
        var octets = StateFolder.Stored(1, "a").Desired.ToByteArray();
        var desired = DesiredState.Parser.ParseFrom([.. octets, 0xFA, 0x07, 3, 1, 2, 3]);
        var state = StateFolder.Stored(1, null);
        state.Desired = desired;
        _folder.Store.Confirm(state);

        Assert.Equal(desired.ToByteArray(), _folder.Load(StateName.Confirmed).State!.Desired.ToByteArray());
        Assert.Equal(octets.Length + 6, desired.CalculateSize());
    }

    [Theory]
    [InlineData("")]
    [InlineData("not protobuf at all")]
    public void A_whole_file_that_holds_no_state_is_refused(string content)
    {
        StateFile.Write(
            _folder.File(StateName.Confirmed), Encoding.UTF8.GetBytes(content), durable: false);

        Assert.NotNull(_folder.Load(StateName.Confirmed).Fault);
    }

    [Fact]
    public void A_persona_that_the_agent_would_not_take_from_a_controller_is_not_taken_from_the_disk()
    {
        var state = StateFolder.Stored(1, "a");
        state.Desired.Persona.Rules.Add(new Rule { Id = "r", Direction = (Direction)9 });
        StateFile.Write(_folder.File(StateName.Confirmed), state.ToByteArray(), durable: false);

        Assert.Equal(StateFault.Damaged, _folder.Load(StateName.Confirmed).Fault);
        Assert.Contains("rules[0].direction", _folder.Load(StateName.Confirmed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_desired_state_is_read_back_exactly()
    {
        for (var seed = 1ul; seed <= 200; seed++)
        {
            var state = StateFolder.Stored(seed, null);
            var json = Encoding.UTF8.GetBytes(PersonaJson.Write(RandomPersona.Make(new Prng(seed))));
            state.Desired.Persona =
                PersonaMapper.ToWire(PersonaValidator.Validate(json, new Findings())!.Document, revision: seed);
            _folder.Store.Prepare(state);

            Assert.Equal(state, _folder.Load(StateName.Pending).State);
        }
    }
}
