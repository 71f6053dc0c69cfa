using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.Protos.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.BreakGlass;

public sealed class BreakGlassActionsTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly FakeDataplane _dataplane = new();
    private readonly AgentConditions _conditions = new();
    private readonly DesiredStateApplier _applier;
    private readonly AuditTrail _audit;
    private readonly BreakGlassActions _actions;

    public BreakGlassActionsTests()
    {
        var baseline = Path.Join(_folder.Path, "baseline.json");
        File.WriteAllText(baseline, """{"name": "base", "network_profile": {"allowed_egress": []}}""");
        _applier = _folder.Applier(_dataplane);
        _applier.Welcome("store-1");
        _audit = new AuditTrail(_folder.Path, TimeProvider.System);
        _actions = new BreakGlassActions(
            _dataplane, _applier, Baseline.Read(baseline), new Hold(_folder.Path), _audit, _conditions,
            () => new AgentReport(), TimeProvider.System, NullLogger<BreakGlassActions>.Instance);
        _applier.Apply(StateFolder.Desired(1, "a"));
        _dataplane.Attach();
        _dataplane.Steps.Clear();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Detach_takes_the_filters_off_until_attach()
    {
        Assert.Equal(0, Execute("detach").ExitCode);
        Assert.False(_dataplane.Attached);
        Assert.Contains("sudo by alice", _conditions.Current[AgentConditions.Detached], StringComparison.Ordinal);
        Assert.Equal("BREAK_GLASS", _applier.Apply(StateFolder.Desired(2, "b"))!.Error.Code);
        Assert.Equal(string.Empty, _applier.Realised.Persona);

        Assert.Equal(0, Execute("attach").ExitCode);
        Assert.Equal(["detach", "apply b", "attach"], _dataplane.Steps);
        Assert.Empty(_conditions.Current);
        Assert.Equal("b", _applier.Realised.Persona);
    }

    [Fact]
    public void The_baseline_holds_until_resume()
    {
        Assert.Equal(0, Execute("baseline").ExitCode);
        Assert.Equal(("base", 0ul), (_dataplane.Realised.Persona, _dataplane.Realised.Generation));
        Assert.Equal("BREAK_GLASS", _applier.Apply(StateFolder.Desired(1, "a"))!.Error.Code);

        Assert.Equal(0, Execute("resume").ExitCode);
        Assert.Equal("a", _dataplane.Realised.Persona);
        Assert.Empty(_conditions.Current);
    }

    [Fact]
    public void A_baseline_under_no_filters_comes_with_them()
    {
        Execute("detach");
        Assert.Equal(0, Execute("baseline").ExitCode);
        Assert.Equal("a", _dataplane.Realised.Persona);

        Execute("attach");
        Assert.Equal(["detach", "apply base", "attach"], _dataplane.Steps);
        Assert.Equal([AgentConditions.BaselineHeld], _conditions.Current.Keys);
    }

    [Fact]
    public void What_is_so_already_is_said_and_changes_nothing()
    {
        Assert.Equal(0, Execute("attach").ExitCode);
        Assert.Equal(0, Execute("resume").ExitCode);

        Assert.Empty(_dataplane.Steps);
    }

    [Fact]
    public void Every_use_is_audited_with_who_and_what_came_of_it()
    {
        Execute("status");
        Execute("detach");
        Execute("nonsense");

        var uses = new AuditTrail(_folder.Path, TimeProvider.System).Undelivered();
        Assert.Equal(["detach", "nonsense"], uses.Select(use => use.Command));
        Assert.Equal((1000u, "alice"), (uses[0].UserId, uses[0].SudoUser));
        Assert.Equal("nonsense is not a command of this agent.", uses[1].Outcome);
        _audit.Delivered(uses[0].Id);
        Assert.Equal(uses[1], Assert.Single(_audit.Undelivered()));
    }

    [Fact]
    public void A_damaged_entry_still_says_that_there_was_one()
    {
        Execute("detach");
        var file = Assert.Single(Directory.GetFiles(Path.Join(_folder.Path, "break-glass")));
        File.WriteAllText(file, "x");

        var use = Assert.Single(_audit.Undelivered());
        Assert.Equal(("unknown", Path.GetFileName(file)), (use.Command, use.Id));
    }

    [Fact]
    public void Holds_survive_each_other_and_the_process()
    {
        Execute("baseline");
        Execute("detach");
        Assert.Equal(HoldKind.Detached, new Hold(_folder.Path).Kind);
        Execute("attach");
        Assert.Equal(HoldKind.Baseline, new Hold(_folder.Path).Kind);
        Execute("resume");
        Assert.Equal(HoldKind.None, new Hold(_folder.Path).Kind);
    }

    private ControlAnswer Execute(string command) =>
        _actions.Execute(new ControlRequest { Command = command, UserId = 1000, SudoUser = "alice" });
}
