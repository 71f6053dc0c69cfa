using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Stages;
using EbpfPersonas.Protos.V1;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// A persona's own tests are asked of the kernel before it is made active: from the message of the controller to the
/// answer, with the real filter.
/// </summary>
public sealed class DocumentTestTests : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("ebpf-personas-state-");
    private readonly List<PersonaDataplane> _loaded = [];

    public void Dispose()
    {
        _loaded.ForEach(dataplane => dataplane.Dispose());
        _state.Delete(recursive: true);
    }

    [Fact]
    public void A_persona_whose_tests_hold_is_put_in_force()
    {
        var (_, applier) = Load();

        var result = applier.Apply(Desired(2, Database(Expect(3306, Protos.V1.Action.Allow))))!;

        Assert.Equal(("db", 2ul), (result.Realised?.Persona, result.Realised?.Generation));
    }

    [Fact]
    public void A_persona_whose_tests_fail_is_refused_with_a_sentence_for_each_and_the_one_before_stays()
    {
        var (dataplane, applier) = Load();
        applier.Apply(Desired(1, Database()));
        var before = (dataplane.Realised, dataplane.ReadCounters().MapUtilization["policy_lines"]);

        var result = applier.Apply(Desired(2, Database(
            Expect(3306, Protos.V1.Action.Deny), Expect(3306, Protos.V1.Action.Allow),
            Expect(3307, Protos.V1.Action.Allow))))!;

        Assert.Equal("TEST_FAILED", result.Error?.Code);
        Assert.Equal(
            "tests[0]: Expected deny for egress tcp 10.0.0.10 port 3306, but it is allow by db. "
            + "tests[2]: Expected allow for egress tcp 10.0.0.10 port 3307, but it is deny by the default.",
            result.Error!.Message);
        Assert.Equal(before, (dataplane.Realised, dataplane.ReadCounters().MapUtilization["policy_lines"]));
    }

    [Fact]
    public void Refusing_takes_no_room_however_often()
    {
        var (_, applier) = Load();
        for (ulong generation = 1; generation <= 300; generation++)
        {
            var result = applier.Apply(Desired(generation, Database(Expect(3307, Protos.V1.Action.Allow))))!;
            Assert.Equal("TEST_FAILED", result.Error?.Code);
        }

        Assert.NotNull(applier.Apply(Desired(301, Database()))!.Realised);
    }

    [Fact]
    public void Tests_speak_of_the_rules_also_where_the_persona_is_only_audited()
    {
        var (_, applier) = Load();
        var audited = Database(Expect(3307, Protos.V1.Action.Allow));
        audited.EnforcementMode = EnforcementMode.Audit;

        Assert.Equal("TEST_FAILED", applier.Apply(Desired(1, audited))!.Error?.Code);
        audited.Tests[0].Expect = Protos.V1.Action.Deny;
        Assert.NotNull(applier.Apply(Desired(2, audited))!.Realised);
    }

    [Fact]
    public void A_rule_that_is_only_audited_decides_no_test()
    {
        var (_, applier) = Load();
        var persona = Database(Expect(3306, Protos.V1.Action.Deny));
        persona.Rules[0].Mode = EnforcementMode.Audit;

        Assert.NotNull(applier.Apply(Desired(1, persona))!.Realised);
    }

    [Fact]
    public void A_kernel_side_that_reads_ports_wrongly_is_caught_by_tests_that_hold_on_the_controller()
    {
        var (dataplane, applier) = Load("port_read_wrongly");
        var persona = Database(Expect(3306, Protos.V1.Action.Allow));
        Assert.Empty(Personas.Verdicts.DocumentTests.Run(Personas.Wire.PersonaReader.Read(persona)));

        var result = applier.Apply(Desired(1, persona))!;

        Assert.Equal("TEST_FAILED", result.Error?.Code);
        Assert.Equal(
            "tests[0]: Expected allow for egress tcp 10.0.0.10 port 3306, but it is deny by the default.",
            result.Error!.Message);
        Assert.Null(dataplane.Realised.Persona);
        Assert.NotNull(applier.Apply(Desired(2, Database()))!.Realised);
    }

    private (PersonaDataplane Dataplane, DesiredStateApplier Applier) Load(string? program = null)
    {
        var dataplane = PersonaDataplane.Load(new DataplaneOptions
        {
            FilterImage = program is null ? BpfImages.Filter() : TestObjects.Program(program),
        });
        _loaded.Add(dataplane);
        var applier = new DesiredStateApplier(
            Activations.Of(dataplane),
            new StateStore(_state.FullName, "vm-1"),
            new Confirmations(
                _state.FullName, "vm-1", "this boot", () => TimeSpan.Zero, TimeProvider.System,
                NullLogger<Confirmations>.Instance),
            "vm-1",
            TimeProvider.System,
            NullLogger<DesiredStateApplier>.Instance);
        applier.Welcome("store-1");
        return (dataplane, applier);
    }

    private static DesiredState Desired(ulong generation, Persona persona) =>
        new() { Generation = generation, Persona = persona };

    /// <summary>Egress to one database and nothing else.</summary>
    private static Persona Database(params VerdictTest[] tests)
    {
        var persona = new Persona
        {
            Name = "db",
            Revision = 1,
            DefaultIngress = Protos.V1.Action.Deny,
            DefaultEgress = Protos.V1.Action.Deny,
            EnforcementMode = EnforcementMode.Enforce,
        };
        var rule = new Rule
        {
            Id = "db",
            Direction = Direction.Egress,
            Action = Protos.V1.Action.Allow,
            List = RuleList.Allowed,
            Protocol = 6,
            Mode = EnforcementMode.Enforce,
        };
        rule.Ports.Add(new PortRange { First = 3306, Last = 3306 });
        rule.Peers.Add(new Prefix { Address = ByteString.CopyFrom(10, 0, 0, 10), Length = 32 });
        persona.Rules.Add(rule);
        persona.Tests.AddRange(tests);
        return persona;
    }

    private static VerdictTest Expect(uint port, Protos.V1.Action action) => new()
    {
        Direction = Direction.Egress,
        Protocol = 6,
        Peer = ByteString.CopyFrom(10, 0, 0, 10),
        Port = port,
        Expect = action,
    };
}
