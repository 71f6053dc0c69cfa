using System.Collections.Immutable;
using System.Text;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Tests.Activation;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.Personas.Wire;
using Google.Protobuf;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Tests.Wire;

public sealed class StagingReaderTests
{
    private const string Everything = """
        {"name": "all", "priority": 7,
         "activation_trigger": {
           "process_name": "mysql", "process_path": "/usr/bin/mysql", "user": "alice",
           "parent_process": "/usr/sbin/sshd",
           "schedule": {"days": ["mon", "sun"], "from": "22:30", "to": "06:15", "time_zone": "Europe/Berlin"},
           "any_of": [{"user": "bob"}, {"not": {"process_name": "psql"}}],
           "all_of": [{"user": "1001"}, {"parent_process": "cron"}]},
         "lifecycle": {"deactivate_when": "manual", "linger": "1500ms", "cooldown": "366d", "ttl": "1ms"}}
        """;

    public static TheoryData<string, Action<V1.DesiredState>> Refused => new()
    {
        { "staged[0].persona is absent", wire => wire.Staged[0].Persona = null },
        { "name is empty", wire => wire.Staged[0].Persona.Name = "" },
        { "staged[0].priority: 1001 is over 1000", wire => wire.Staged[0].Priority = 1001 },
        { "staged[0].trigger is of no known kind", wire => wire.Staged[0].Trigger = null },
        { "staged[0].trigger is of no known kind", wire => wire.Staged[0].Trigger = new V1.TriggerExpression() },
        { "staged[0].lifecycle is absent", wire => wire.Staged[0].Lifecycle = null },
        { "staged[0].lifecycle.ttl_ms is 0", wire => wire.Staged[0].Lifecycle.TtlMs = 0 },
        { "staged[0].lifecycle.linger_ms", wire => wire.Staged[0].Lifecycle.LingerMs = 366UL * 86_400_000 + 1 },
        { "staged[0].lifecycle.cooldown_ms", wire => wire.Staged[0].Lifecycle.CooldownMs = ulong.MaxValue },
        { "staged[1] does not come after staged[0]", wire => wire.Staged.Add(wire.Staged[0].Clone()) },
        { "stands there twice", wire => wire.Staged.Add(new V1.StagedPersona(wire.Staged[0]) { Priority = 8 }) },
        { "floor_rank: 2 is over 1", wire => wire.FloorRank = 2 },
        { "staged[0].trigger.all_of is empty", wire => Trigger(wire, new() { AllOf = new V1.TriggerList() }) },
        { "staged[0].trigger.any_of is empty", wire => Trigger(wire, new() { AnyOf = new V1.TriggerList() }) },
        { "trigger.process has nothing", wire => Trigger(wire, new() { Process = new V1.ProcessCondition() }) },
        {
            "staged[0].trigger.not.process has nothing",
            wire => Trigger(wire, new() { Not = new() { Process = new V1.ProcessCondition { User = "" } } })
        },
        { "schedule.days: 128 is over 127", wire => Window(wire, window => window.Days = 128) },
        { "schedule never opens", wire => Window(wire, window => window.Days = 0) },
        { "schedule never opens", wire => Window(wire, window => window.ToMinute = window.FromMinute) },
        { "schedule.from_minute: 1440 is over 1439", wire => Window(wire, window => window.FromMinute = 1440) },
        { "no data of 'Mars/Base'", wire => Window(wire, window => window.TimeZone = "Mars/Base") },
        { "name is empty", wire => wire.Shadow = new V1.Persona() },
        { "the number of conditions: 65 is over 64", wire => Trigger(wire, Many(StagePlan.MaxConditions + 1)) },
    };

    [Fact]
    public void What_is_written_is_what_is_read()
    {
        var binding = SituationRun.BindingOf(Everything);

        var wire = Wire();
        Assert.Null(StagingReader.Read(wire).Shadow);
        wire.Shadow = new V1.Persona(wire.Staged[0].Persona) { Name = "trial" };
        var read = StagingReader.Read(V1.DesiredState.Parser.ParseFrom(wire.ToByteArray()));

        Assert.Equal("trial", read.Shadow?.Name);
        var staged = Assert.Single(read.Staged);
        Assert.Equal(binding, staged.Binding);
        Assert.Equal(("all", 9UL, 1), (staged.Persona.Name, staged.Persona.Revision, read.FloorRank));
        Assert.Equal(6, binding.Trigger.Conditions.Count() + binding.Trigger.Windows.Count());
        Assert.Equal(TimeSpan.FromMilliseconds(1500), staged.Binding.Lifecycle.Linger);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_out_of_range_is_refused_with_its_field(string message, Action<V1.DesiredState> spoil)
    {
        var wire = Wire();
        spoil(wire);

        var refused = Assert.Throws<FormatException>(() => StagingReader.Read(wire));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void As_many_conditions_as_the_kernel_counts_are_read()
    {
        var wire = Wire();
        Trigger(wire, Many(StagePlan.MaxConditions));

        Assert.Equal(64, StagingReader.Read(wire).Staged[0].Binding.Trigger.Conditions.Distinct().Count());
    }

    [Fact]
    public void The_deepest_trigger_that_a_document_can_have_comes_through()
    {
        var trigger = string.Concat(Enumerable.Repeat("""{"any_of": [""", 15)) + """{"user": "u"}"""
            + string.Concat(Enumerable.Repeat("]}", 15));
        var binding = SituationRun.BindingOf($$"""{"name": "p", "activation_trigger": {{trigger}}}""");

        var wire = new V1.DesiredState { Staged = { StagingWriter.Write(binding, new V1.Persona()) } };

        var sent = V1.ControllerMessage.Parser.ParseFrom(
            new V1.ControllerMessage { Desired = wire }.ToByteArray());
        Assert.Equal(wire, sent.Desired);
    }

    [Fact]
    public void A_trigger_that_never_holds_is_not_written() =>
        Assert.Throws<ArgumentException>(() => TriggerWriter.Write(new NeverTrigger()));

    [Fact]
    public void Nothing_staged_is_nothing_read()
    {
        var read = StagingReader.Read(new V1.DesiredState());
        Assert.Equal((0, 0), (read.Staged.Length, read.FloorRank));
    }

    private static V1.DesiredState Wire()
    {
        var findings = new Findings();
        var document = PersonaValidator.Validate(Encoding.UTF8.GetBytes(Everything), findings)!.Document;
        return new V1.DesiredState
        {
            Staged = { StagingWriter.Write(BindingMapper.ToBinding(document), PersonaMapper.ToWire(document, 9)) },
            FloorRank = 1,
        };
    }

    private static void Trigger(V1.DesiredState wire, V1.TriggerExpression trigger) => wire.Staged[0].Trigger = trigger;

    private static void Window(V1.DesiredState wire, Action<V1.ScheduleWindow> spoil)
    {
        var window = new V1.ScheduleWindow { Days = 127, FromMinute = 1, ToMinute = 2, TimeZone = "UTC" };
        spoil(window);
        Trigger(wire, new V1.TriggerExpression { Schedule = window });
    }

    private static V1.TriggerExpression Many(int conditions) => TriggerWriter.Write(new AnyTrigger(
        Enumerable.Range(0, 2 * conditions).Select(i => new ProcessTrigger(
            new ProcessCondition { ProcessName = $"p{i % conditions}" })).ToImmutableArray<Trigger>()));
}
