using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.Protos.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.State;

public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly FakeDataplane _dataplane = new();
    private SmallDisk _disk = null!;
    private StateStore _store = null!;
    private DesiredStateApplier _applier = null!;
    private Confirmations _confirmations = null!;

    public async Task InitializeAsync()
    {
        _disk = await SmallDisk.MountAsync();
        _store = new StateStore(_disk.Path, StateFolder.VmId);
        _confirmations = new Confirmations(
            _disk.Path, StateFolder.VmId, "this boot", () => TimeSpan.Zero, TimeProvider.System,
            NullLogger<Confirmations>.Instance);
        _applier = new DesiredStateApplier(
            _dataplane, _store, _confirmations, StateFolder.VmId, TimeProvider.System,
            NullLogger<DesiredStateApplier>.Instance);
        _applier.Welcome("store-1");
        Apply(1, "a");
        _applier.Received(1);
    }

    public Task DisposeAsync() => _disk.DisposeAsync().AsTask();

    [Fact]
    public void What_cannot_be_kept_until_it_is_confirmed_is_refused_and_what_the_kernel_switches_to_is_remembered()
    {
        _disk.Fill();
        var persona = Wire.Persona("b");
        persona.ConfirmTimeoutMs = 1000;
        var refused = _applier.Apply(new Protos.V1.DesiredState { Generation = 2, Persona = persona })!;

        Assert.Equal("STATE", refused.Error.Code);
        AssertOnlyFirst();
        Assert.Null(_confirmations.Waits);

        _confirmations.Arranged(
            new Protos.V1.DesiredState
            {
                Generation = 1,
                Staged = { new Protos.V1.StagedPersona { Persona = persona } },
            },
            _dataplane.Switch("b"));
        Assert.Equal("b", _confirmations.Waits!.Persona.Persona);
        Assert.True(_confirmations.RollBack(_confirmations.Waits!));
        Assert.True(_confirmations.IsBarred(persona));
        _disk.MakeRoom();
    }

    [Fact]
    public void A_full_disk_refuses_the_new_state_and_the_old_one_stays_everywhere()
    {
        _disk.Fill();
        var refused = Apply(2, "b");

        Assert.Equal("STATE", refused.Error.Code);
        Assert.Contains(_store.PathOf(StateName.Pending), refused.Error.Message, StringComparison.Ordinal);
        Assert.Contains("No space left", refused.Error.Message, StringComparison.Ordinal);
        AssertOnlyFirst();
        _disk.MakeRoom();
        Assert.Equal("b", Apply(2, "b").Realised.Persona);
    }

    [Fact]
    public async Task A_read_only_disk_refuses_the_new_state_and_the_old_one_stays_everywhere()
    {
        await _disk.MakeReadOnlyAsync();
        var refused = Apply(2, "b");

        Assert.Equal("STATE", refused.Error.Code);
        Assert.Contains("Read-only", refused.Error.Message, StringComparison.Ordinal);
        AssertOnlyFirst();
        await _disk.MakeWritableAsync();
        Assert.Equal("b", Apply(2, "b").Realised.Persona);
    }

    [Fact]
    public async Task A_disk_that_takes_no_confirmation_keeps_the_older_one_and_gets_it_later()
    {
        Apply(2, "b");
        await _disk.MakeReadOnlyAsync();
        _applier.Received(2);
        Assert.Equal("a", Load(StateName.Confirmed));

        await _disk.MakeWritableAsync();
        _applier.Welcome("store-1");
        Assert.Equal("b", Load(StateName.Confirmed));
        Assert.Equal("a", Load(StateName.Previous));
    }

    [Fact]
    public async Task A_full_disk_takes_a_hold_and_a_read_only_one_says_that_it_does_not()
    {
        _disk.Fill();
        Assert.Null(new Hold(_disk.Path).Set(HoldKind.Detached, "note"));
        Assert.Equal(HoldKind.Detached, new Hold(_disk.Path).Kind);

        await _disk.MakeReadOnlyAsync();
        var hold = new Hold(_disk.Path);
        Assert.Contains("Read-only", hold.Clear(HoldKind.Detached), StringComparison.Ordinal);
        Assert.Equal(HoldKind.None, hold.Kind);
        Assert.Equal(HoldKind.Detached, new Hold(_disk.Path).Kind);
    }

    [Fact]
    public void An_audit_entry_that_the_disk_does_not_take_is_delivered_all_the_same()
    {
        _disk.Fill();
        var audit = new AuditTrail(_disk.Path, TimeProvider.System);
        Assert.NotNull(audit.Add(new ControlRequest { Command = "detach" }, "done"));

        var use = Assert.Single(audit.Undelivered());
        audit.Delivered(use.Id);
        Assert.Empty(audit.Undelivered());
    }

    private void AssertOnlyFirst()
    {
        Assert.Equal("a", _dataplane.Realised.Persona);
        Assert.Equal([1ul], _dataplane.Applied);
        Assert.Equal("a", Load(StateName.Applied));
        Assert.Equal("a", Load(StateName.Confirmed));
        Assert.Null(Load(StateName.Pending));
    }

    private string? Load(StateName name) => _store.Load().Single(kept => kept.Name == name).Persona?.Name;

    private ApplyResult Apply(ulong generation, string persona) =>
        _applier.Apply(StateFolder.Desired(generation, persona))!;
}
