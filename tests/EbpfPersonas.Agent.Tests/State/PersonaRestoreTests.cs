using System.Net;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Hosting;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Agent.Tests.Link;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.State;

/// <summary>What a start puts in force, and in which order it does things.</summary>
public sealed class PersonaRestoreTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly FakeDataplane _dataplane = new();
    private readonly AgentConditions _conditions = new();
    private readonly StateFallbacks _fallbacks = new();
    private string? _baseline;
    private DesiredStateApplier _applier = null!;
    private Confirmations _confirmations = null!;
    private readonly TimeSpan _sinceBoot = TimeSpan.FromMinutes(1);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_start_has_nothing_to_put_in_force_and_misses_nothing()
    {
        Start();

        Assert.Equal(["failsafe", "attach"], _dataplane.Steps);
        Assert.Empty(_conditions.Current);
        Assert.All(_fallbacks.Read(), fallback => Assert.Equal(0, fallback.Count));
    }

    [Fact]
    public void The_persona_is_in_force_before_a_filter_sees_a_packet()
    {
        Keep(StateName.Confirmed, 3, "a");
        Start();

        Assert.Equal(["failsafe", "apply a", "attach"], _dataplane.Steps);
        Assert.Equal(new RealisedState(3, 1, "a", 1), _dataplane.Realised);
    }

    [Fact]
    public void What_the_datapath_runs_stays()
    {
        Keep(StateName.Confirmed, 3, "a");
        Keep(StateName.Applied, 4, "b");
        _dataplane.Leave(4, 9, "b", 1);
        Start();

        Assert.Equal(["failsafe", "attach"], _dataplane.Steps);
        Assert.Null(_applier.Apply(StateFolder.Desired(3, "a")));
    }

    [Fact]
    public void A_switch_that_the_agent_did_not_live_to_note_is_noted()
    {
        Keep(StateName.Applied, 3, "a");
        Keep(StateName.Pending, 4, "b");
        _dataplane.Leave(4, 9, "b", 1);
        Start();

        Assert.Equal("b", _folder.Load(StateName.Applied).Persona!.Name);
        Assert.Equal("b", _dataplane.Realised.Persona);
    }

    [Fact]
    public void A_switch_that_did_not_happen_is_forgotten()
    {
        Keep(StateName.Applied, 3, "a");
        Keep(StateName.Pending, 4, "b");
        _dataplane.Leave(3, 9, "a", 1);
        Start();

        Assert.Equal("a", _folder.Load(StateName.Applied).Persona!.Name);
        Assert.Equal("b", _applier.Apply(StateFolder.Desired(4, "b"))!.Realised.Persona);
    }

    [Fact]
    public void A_persona_that_the_disk_does_not_know_stays_too()
    {
        _dataplane.Leave(4, 9, "b", 1);
        Start();

        Assert.Equal(["failsafe", "attach"], _dataplane.Steps);
    }

    [Fact]
    public void After_a_reboot_the_confirmed_state_comes_and_not_the_one_that_was_only_applied()
    {
        Keep(StateName.Previous, 2, "p");
        Keep(StateName.Confirmed, 3, "a");
        Keep(StateName.Applied, 4, "b", boot: "the boot before");
        Start();

        Assert.Equal("a", _dataplane.Realised.Persona);
    }

    [Fact]
    public void In_the_same_boot_the_applied_state_comes_back()
    {
        Keep(StateName.Confirmed, 3, "a");
        Keep(StateName.Applied, 4, "b");
        Start();

        Assert.Equal("b", _dataplane.Realised.Persona);
    }

    [Theory]
    [InlineData(StateFault.Missing, "missing")]
    [InlineData(StateFault.Damaged, "damaged")]
    [InlineData(StateFault.Truncated, "truncated")]
    [InlineData(StateFault.Unreadable, "unreadable")]
    [InlineData(StateFault.OtherVm, "other_vm")]
    public void An_unusable_confirmed_state_gives_way_to_the_previous_one_and_is_counted(
        object fault, string reason)
    {
        Keep(StateName.Previous, 2, "p");
        Keep(StateName.Confirmed, 3, "a");
        Break(_folder.File(StateName.Confirmed), (StateFault)fault);
        Start();

        Assert.Equal("p", _dataplane.Realised.Persona);
        Assert.Equal([(reason, 1L)], _fallbacks.Read().Where(fallback => fallback.Count > 0));
        Assert.Contains(
            _folder.File(StateName.Confirmed), _conditions.Current[AgentConditions.StateFallback],
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_that_the_datapath_refuses_gives_way_as_well()
    {
        Keep(StateName.Previous, 2, "p");
        Keep(StateName.Confirmed, 3, "refused");
        Start();

        Assert.Equal("p", _dataplane.Realised.Persona);
        Assert.Equal([("refused", 1L)], _fallbacks.Read().Where(fallback => fallback.Count > 0));
    }

    [Fact]
    public void With_nothing_usable_the_baseline_is_in_force()
    {
        Keep(StateName.Previous, 2, "p");
        Keep(StateName.Confirmed, 3, "a");
        Break(_folder.File(StateName.Confirmed), StateFault.Damaged);
        Break(_folder.File(StateName.Previous), StateFault.Truncated);
        WriteBaseline("""{"name": "base", "network_profile": {"allowed_egress": []}}""");
        Start();

        Assert.Equal(new RealisedState(0, 1, "base", 0), _dataplane.Realised);
        Assert.Equal("a", _applier.Apply(StateFolder.Desired(4, "a"))!.Realised.Persona);
    }

    [Fact]
    public void A_baseline_that_cannot_be_read_is_said_and_the_agent_starts()
    {
        WriteBaseline("""{"name": "base", "network_profile": {"allowed_egres": []}}""");
        Start();

        Assert.True(_dataplane.Attached);
        Assert.Contains(
            "/network_profile/allowed_egres", _conditions.Current[AgentConditions.BaselineUnusable],
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_baseline_gives_way_to_what_was_kept()
    {
        Keep(StateName.Confirmed, 3, "a");
        WriteBaseline("""{"name": "base"}""");
        _dataplane.Leave(0, 4, "base", 0);
        Start();

        Assert.Equal("a", _dataplane.Realised.Persona);
    }

    [Fact]
    public void Filters_that_the_operator_took_off_stay_off()
    {
        Keep(StateName.Confirmed, 3, "a");
        new Hold(_folder.Path).Set(HoldKind.Detached, "Since then, by uid 0.");
        Start();

        Assert.False(_dataplane.Attached);
        Assert.Contains("Since then, by uid 0.", _conditions.Current[AgentConditions.Detached],
            StringComparison.Ordinal);
        Assert.Equal("BREAK_GLASS", _applier.Apply(StateFolder.Desired(4, "b"))!.Error.Code);
        Assert.Equal(string.Empty, _applier.Realised.Persona);
    }

    [Fact]
    public void A_baseline_that_the_operator_holds_comes_before_all_else()
    {
        Keep(StateName.Confirmed, 3, "a");
        WriteBaseline("""{"name": "base"}""");
        new Hold(_folder.Path).Set(HoldKind.Baseline, "note");
        _dataplane.Leave(3, 9, "a", 1);
        Start();

        Assert.Equal("base", _dataplane.Realised.Persona);
        Assert.Equal("BREAK_GLASS", _applier.Apply(StateFolder.Desired(4, "b"))!.Error.Code);
        Assert.True(_applier.Release());
        Assert.Equal("b", _dataplane.Realised.Persona);
    }

    private void Keep(StateName name, ulong generation, string persona, string boot = "this boot")
    {
        var state = StateFolder.Stored(generation, persona, boot);
        StateFile.Write(
            _folder.File(name), Google.Protobuf.MessageExtensions.ToByteArray(state), durable: false);
    }

    private static void Break(string file, StateFault fault)
    {
        switch (fault)
        {
            case StateFault.Damaged:
                var octets = File.ReadAllBytes(file);
                octets[^1] ^= 1;
                File.WriteAllBytes(file, octets);
                break;
            case StateFault.Truncated:
                File.WriteAllBytes(file, File.ReadAllBytes(file)[..^1]);
                break;
            case StateFault.OtherVm:
                new StateStore(Path.GetDirectoryName(file)!, "vm-2").Confirm(
                    new Protos.V1.StoredState { VmId = "vm-2", Desired = StateFolder.Desired(9, "x") });
                break;
            default:
                File.Delete(file);
                if (fault == StateFault.Unreadable)
                {
                    Directory.CreateDirectory(file);
                }

                break;
        }
    }

    private void WriteBaseline(string document)
    {
        _baseline = Path.Join(_folder.Path, "baseline.json");
        File.WriteAllText(_baseline, document);
    }

    private void Start()
    {
        var settings = new AgentSettings
        {
            InKernelActivation = true,
            Controller = new Uri("https://127.0.0.1:7071"),
            VmId = StateFolder.VmId,
            StateDirectory = _folder.Path,
            MetricsListen = new IPEndPoint(IPAddress.Loopback, 9435),
            Attach = AttachMode.Auto,
            Cgroup = "none",
            PolicyMemoryMib = 16,
            RuleCapacity = 65536,
            Failsafe = [],
        };
        var store = _folder.Store;
        var hold = new Hold(_folder.Path);
        _confirmations = _folder.Confirmations(sinceBoot: () => _sinceBoot);
        _applier = _folder.Applier(_dataplane, _confirmations);
        var restore = new PersonaRestore(
            new StartState(store.Load(), Baseline.Read(_baseline), "this boot"),
            store,
            hold,
            _dataplane,
            _applier,
            _confirmations,
            _conditions,
            _fallbacks,
            NullLogger<PersonaRestore>.Instance);
        var locator = new ControllerLocator(settings, _dataplane, NullLogger<ControllerLocator>.Instance);
        new StartSequence(locator, restore, _confirmations, _applier, _dataplane).Run();
    }
}
