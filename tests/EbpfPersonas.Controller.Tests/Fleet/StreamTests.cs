using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Grpc.Core;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Fleet;

public sealed class StreamTests : ControllerTest
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_VM_that_nothing_was_decided_for_keeps_what_it_has()
    {
        await using var agent = await Controller.ConnectAsync(
            "vm-1",
            new RealisedState { Generation = 9, Epoch = 3, Persona = "of-an-older-store", Revision = 4 });
        await agent.SnapshotAsync();

        Assert.True(await agent.HearsNothingAsync(Silence));
        var status = await Controller.StatusAsync("vm-1");
        Assert.Equal(
            ("of-an-older-store", 0L), ((string?)status["active_persona"], (long)status["desired_generation"]!));
    }

    [Fact]
    public async Task A_generation_is_always_above_what_the_agent_knows()
    {
        await using var agent = await Controller.ConnectAsync(
            "vm-1",
            new RealisedState { Generation = 900, Epoch = 3, Persona = "db", Revision = 4 });
        await agent.SnapshotAsync();
        await Controller.PutPersonaAsync(RunningController.Persona);

        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");

        Assert.Equal(901UL, (await agent.NextAsync()).Generation);
    }

    [Fact]
    public async Task Every_answer_gets_a_receipt()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");

        var desired = await agent.NextAsync();
        await agent.RefuseAsync(desired, "STATE", "The disk is full.");
        Assert.Equal(desired.Generation, (await agent.NextReceiptAsync()).Generation);
        await agent.AcknowledgeAsync(desired);
        Assert.Equal(desired.Generation, (await agent.NextReceiptAsync()).Generation);
    }

    [Fact]
    public async Task Every_switch_gets_a_receipt()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        foreach (var _ in (int[])[1, 2])
        {
            await agent.SwitchAsync(null, SwitchCause.TriggerEnded);
            Assert.Equal(agent.Realised.Epoch, (await agent.NextReceiptAsync()).Switched);
        }
    }

    [Fact]
    public async Task A_VM_that_its_operator_holds_is_Degraded_until_he_lets_go()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
        var desired = await agent.RealiseNextAsync();
        await Controller.WaitForPhaseAsync("vm-1", "Realized");
        var realised = agent.Realised;

        await agent.SendStatusAsync(
            new RealisedState(), new AgentCondition { Type = "DETACHED", Message = "The filters are\u001b off." });
        var status = await Controller.WaitForPhaseAsync("vm-1", "Degraded");
        Assert.Null((string?)status["active_persona"]);
        Assert.Contains(
            status["conditions"]!.AsArray(),
            condition => (string?)condition!["type"] == "DETACHED"
                && (string?)condition["message"] == "The filters are? off.");

        await agent.SendStatusAsync(realised);
        status = await Controller.WaitForPhaseAsync("vm-1", "Realized");
        Assert.Equal((long)desired.Generation, (long)status["realised_generation"]!);
    }

    [Fact]
    public async Task A_use_of_break_glass_is_once_among_what_the_VM_did_and_is_acknowledged_each_time()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        foreach (var id in (string[])["1", "2", "1"])
        {
            await agent.SendBreakGlassAsync(id, "detach");
            Assert.Equal(id, (await agent.NextReceiptAsync()).BreakGlass);
        }

        var items = (await Controller.GetAsync("/api/v1/vms/vm-1/activity"))["items"]!.AsArray()
            .Where(item => (string?)item!["kind"] == "break_glass").ToArray();
        Assert.Equal(2, items.Length);
        Assert.Equal(
            ("detach", "alice?", "The filters are off."),
            ((string?)items[0]!["command"], (string?)items[0]!["user_name"], (string?)items[0]!["outcome"]));
    }

    [Fact]
    public async Task A_refused_generation_is_Failed_and_what_ran_before_runs_on()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync("""{"name":"big"}""");
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
        await agent.RealiseNextAsync();
        await Controller.WaitForPhaseAsync("vm-1", "Realized");

        await Controller.ActivateAsync("vm-1", """{"persona":"big"}""");
        var refused = await agent.NextAsync();
        await Controller.WaitForPhaseAsync("vm-1", "Realizing");
        await agent.RefuseAsync(refused, "TOO_LARGE", "70,000 rules\u001bdo not fit.");

        var status = await Controller.WaitForPhaseAsync("vm-1", "Failed");
        Assert.Equal(("db", "big"), ((string?)status["active_persona"], (string?)status["desired_persona"]));
        Assert.Equal("TOO_LARGE", (string?)status["last_error"]!["code"]);
        Assert.Contains(status["conditions"]!.AsArray(), condition => (string?)condition!["type"] == "APPLY_FAILED");
        var newest = (await Controller.GetAsync("/api/v1/vms/vm-1/activations"))["items"]![0]!;
        Assert.Equal(
            ("failed", "TOO_LARGE: 70,000 rules?do not fit."), ((string?)newest["result"], (string?)newest["error"]));
        var metrics = await Controller.Http.GetStringAsync("/metrics");
        Assert.Contains("\npersona_controller_unrealised_vms 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("{trigger=\"manual\",result=\"failed\"} 1\n", metrics, StringComparison.Ordinal);

        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
        await agent.RealiseNextAsync();
        Assert.Null((await Controller.WaitForPhaseAsync("vm-1", "Realized"))["last_error"]);
    }

    [Fact]
    public async Task A_generation_that_was_refused_is_tried_again_at_the_next_stream()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using (var agent = await Controller.AgentAsync("vm-1"))
        {
            await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
            await agent.RefuseAsync(await agent.NextAsync(), "KERNEL", "out of memory");
            await Controller.WaitForPhaseAsync("vm-1", "Failed");
        }

        await using var again = await Controller.AgentAsync("vm-1");
        await again.RealiseNextAsync();

        Assert.Null((await Controller.WaitForPhaseAsync("vm-1", "Realized"))["last_error"]);
    }

    [Fact]
    public async Task A_second_stream_of_a_VM_takes_the_place_of_the_first()
    {
        await using var first = await Controller.AgentAsync("vm-1");
        await using var second = await Controller.AgentAsync("vm-1");

        Assert.Equal(StatusCode.Aborted, await first.EndAsync());
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
        Assert.Equal("db", (await second.NextAsync()).Persona.Name);
    }

    [Fact]
    public async Task Events_before_the_first_snapshot_end_the_stream()
    {
        await using var agent = await Controller.ConnectAsync("vm-1");
        await agent.ExecAsync(1, "/bin/true");
        Assert.Equal(StatusCode.InvalidArgument, await agent.EndAsync());
    }

    [Fact]
    public async Task What_is_out_of_range_ends_the_stream_and_nothing_else()
    {
        var far = new RealisedState { Generation = ulong.MaxValue };
        var refused = await Assert.ThrowsAsync<RpcException>(
            () => Controller.ConnectAsync("vm-1", far));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Action<ProcessEvent>[] faults =
        [
            it => it.Time.Seconds = long.MaxValue,
            it => it.Time.Nanos = -1,
            it => it.Started.Kind = StartKind.Unspecified,
            it => it.Started.Path = new string('/', 4097),
            it => it.ClearKind(),
        ];
        foreach (var fault in faults)
        {
            await using var agent = await Controller.AgentAsync("vm-1");
            var wrong = agent.Event(FakeAgent.Process(1, "/bin/true"));
            fault(wrong);
            await agent.SendAsync(snapshot: false, wrong);
            Assert.Equal(StatusCode.InvalidArgument, await agent.EndAsync());
        }

        await using var right = await Controller.AgentAsync("vm-1");
        Assert.True(await right.HearsNothingAsync(Silence));
    }

    [Fact]
    public async Task A_slow_agent_gets_the_newest_state_and_no_backlog()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using (var agent = await Controller.AgentAsync("vm-1"))
        {
            await Controller.BindAsync("vm-1", """["db"]""");
        }

        await Controller.WaitForAsync("vm-1", status => !(bool)status["connected"]!);
        for (var i = 0; i < 5; i++)
        {
            await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
            using var ended = await Controller.DeactivateAsync("vm-1");
        }

        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
        Assert.Equal("Pending", (string?)(await Controller.StatusAsync("vm-1"))["phase"]);
        await using var again = await Controller.AgentAsync("vm-1");

        Assert.Equal(
            (11UL, "db"), (await again.NextAsync()) is { } state ? (state.Generation, state.Persona.Name) : default);
        Assert.True(await again.HearsNothingAsync(Silence));
    }

    [Fact]
    public async Task A_restart_of_the_controller_is_no_event_on_the_VM()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync("""{"name":"base"}""");
        string id;
        RealisedState realised;
        await using (var agent = await Controller.AgentAsync("vm-1"))
        {
            await Controller.BindAsync("vm-1", """["db"]""", "base");
            await agent.RealiseNextAsync();
            await agent.ExecAsync(1, "/usr/bin/mysql");
            await agent.RealiseNextAsync();
            await Controller.WaitForPhaseAsync("vm-1", "Realized");
            (id, realised) = (agent.ControllerId, agent.Realised);
        }

        await Controller.StopAsync();
        await Controller.StartAgainAsync();
        await using var again = await Controller.ConnectAsync("vm-1", realised);
        Assert.Equal(id, again.ControllerId);
        Assert.True(await again.HearsNothingAsync(Silence));
        // A write that makes the controller decide again, before it knows what runs.
        await Controller.PutPersonaAsync("""{"name":"base","priority":1}""");
        Assert.True(await again.HearsNothingAsync(Silence));
        await again.SnapshotAsync(FakeAgent.Process(1, "/usr/bin/mysql"));

        var state = await again.RealiseNextAsync();
        Assert.Equal((realised.Generation, "db"), (state.Generation, state.Persona.Name));
        Assert.True(await again.HearsNothingAsync(Silence));
    }

    [Fact]
    public async Task A_trigger_that_ended_while_the_controller_was_away_is_noticed_at_the_snapshot()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using (var agent = await Controller.AgentAsync("vm-1"))
        {
            await Controller.BindAsync("vm-1", """["db"]""");
            await agent.ExecAsync(1, "/usr/bin/mysql");
            await agent.RealiseNextAsync();
        }

        await Controller.StopAsync();
        await Controller.StartAgainAsync();
        Assert.Equal("db", (string?)(await Controller.StatusAsync("vm-1"))["desired_persona"]);
        await using var again = await Controller.AgentAsync("vm-1");

        Assert.Equal((2UL, null), (await again.NextAsync()) is { } state ? (state.Generation, state.Persona) : default);
    }

    [Fact]
    public async Task A_VM_that_is_deleted_is_shut_out_and_gone()
    {
        var identity = await Controller.IdentityAsync("vm-1");
        await using var agent = await Controller.AgentAsync("vm-1");

        using var deleted = await Controller.Http.DeleteAsync("/api/v1/vms/vm-1");

        Assert.Equal(System.Net.HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Empty((await Controller.GetAsync("/api/v1/vms"))["items"]!.AsArray());
        Assert.Equal(StatusCode.Unauthenticated, await agent.EndAsync());
        var refused = await Assert.ThrowsAsync<RpcException>(
            () => FakeAgent.StartAsync(Controller.AgentsUrl, identity));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.Empty((await Controller.GetAsync("/api/v1/vms"))["items"]!.AsArray());
    }
}
