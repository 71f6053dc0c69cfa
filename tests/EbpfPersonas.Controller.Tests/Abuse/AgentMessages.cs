using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Agents;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>What an agent says, one of each kind.</summary>
internal static class AgentMessages
{
    private static readonly Timestamp Time = new() { Seconds = 1_800_000_000, Nanos = 1 };

    private static readonly RealisedState Realised = new() { Generation = 1, Epoch = 2, Persona = "db", Revision = 3 };

    public static byte[] Hello { get; } = new AgentMessage
    {
        Hello = new Hello
        {
            AgentVersion = "0.1.0",
            KernelRelease = "6.18.0",
            BootId = "boot",
            Capabilities = { "attach:tcx", "activation:kernel" },
            Realised = new RealisedState(),
        },
    }.ToByteArray();

    public static byte[] Snapshot { get; } = Activity(
        snapshot: true, FakeAgent.Process(1, "/sbin/init"), FakeAgent.Process(7, "/usr/sbin/mysqld", user: 100));

    /// <summary>What may come behind a hello and a snapshot.</summary>
    public static IReadOnlyList<byte[]> Later { get; } =
    [
        Activity(snapshot: false, FakeAgent.Process(8, "/bin/sh", kind: StartKind.Fork, parent: "/sbin/init")),
        Of(new AgentMessage { Result = new ApplyResult { Generation = 1, Realised = Realised } }),
        Of(new AgentMessage
        {
            Result = new ApplyResult { Generation = 1, Error = new ApplyError { Code = "KERNEL", Message = "No." } },
        }),
        Of(new AgentMessage
        {
            Status = new AgentStatus
            {
                Realised = Realised,
                Conditions = { new AgentCondition { Type = "DETACHED", Message = "The filters are off." } },
                Rollbacks = { FakeAgent.RolledBack("db", 3, 1) },
            },
        }),
        Of(new AgentMessage
        {
            BreakGlass = new BreakGlassUse
            {
                Id = "1",
                Time = Time,
                SudoUser = "alice",
                Command = "detach",
                Outcome = "The filters are off.",
            },
        }),
        Of(new AgentMessage
        {
            Switched = new SwitchReport
            {
                Epoch = 3,
                Persona = "db",
                Revision = 3,
                Cause = SwitchCause.TriggerBegan,
                Time = Time,
            },
        }),
    ];

    private static byte[] Of(AgentMessage message) => message.ToByteArray();

    private static byte[] Activity(bool snapshot, params ProcessStarted[] started) => Of(new AgentMessage
    {
        Activity = new ActivityBatch
        {
            Snapshot = snapshot,
            EventsLost = 1,
            Processes =
            {
                started.Select((one, index) => new ProcessEvent
                {
                    Sequence = (ulong)index + 1,
                    Time = Time,
                    Started = one,
                }),
                new ProcessEvent { Sequence = 99, Time = Time, Exited = new ProcessExited { Pid = 3 } },
            },
        },
    });
}
