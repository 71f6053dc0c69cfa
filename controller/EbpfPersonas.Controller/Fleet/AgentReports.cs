using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Wire;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// Reads what agents send. They are not trusted: what is out of range ends the stream with INVALID_ARGUMENT.
/// </summary>
internal static class AgentReports
{
    /// <summary>The kernel's PATH_MAX.</summary>
    private const int MaxPath = 4096;

    private const int MaxWord = 256;

    private const int MaxRollbacks = 256;

    /// <summary>A verifier's log has many pages; these are its first.</summary>
    private const int MaxMessage = 16_384;

    public static VmIdentity ReadIdentity(V1.Hello hello)
    {
        if (hello.Capabilities.Count > 64)
        {
            throw Invalid("More than 64 capabilities.");
        }

        return new VmIdentity(
            Word(hello.AgentVersion, "agent_version"), Word(hello.KernelRelease, "kernel_release"),
            Word(hello.BootId, "boot_id"),
            [.. hello.Capabilities.Select(word => Word(word, "capabilities"))]);
    }

    public static RealisedState ReadRealised(V1.RealisedState? wire, DateTimeOffset now) => wire is null
        ? new RealisedState(0, 0, null, 0, now)
        : new RealisedState(
            Generation(wire.Generation, "realised.generation"), wire.Epoch,
            wire.Persona.Length > 0 ? Word(wire.Persona, "realised.persona") : null,
            Number(wire.Revision, "realised.revision"), now);

    public static ApplyFailure ReadFailure(V1.ApplyError wire, long generation, DateTimeOffset now) =>
        new(
            generation, Word(wire.Code, "error.code"),
            Printable.Clean(wire.Message[..Math.Min(wire.Message.Length, MaxMessage)]), now);

    public static IReadOnlyList<AgentCondition> ReadConditions(V1.AgentStatus wire) => wire.Conditions.Count <= 16
        ? [.. wire.Conditions.Select(condition => new AgentCondition(
            Word(condition.Type, "conditions.type"),
            Printable.Clean(condition.Message[..Math.Min(condition.Message.Length, MaxMessage)])))]
        : throw Invalid("More than 16 conditions.");

    public static IReadOnlyList<Rollback> ReadRollbacks(V1.AgentStatus wire) => wire.Rollbacks.Count <= MaxRollbacks
        ? [.. wire.Rollbacks.Select(one => new Rollback(
            Word(one.Persona, "rollbacks.persona"), Number(one.Revision, "rollbacks.revision"), one.Count,
            one.Quarantined, Time(one.Time), Word(one.Reason, "rollbacks.reason")))]
        : throw Invalid($"More than {MaxRollbacks} rollbacks.");

    public static BreakGlassReport ReadBreakGlass(V1.BreakGlassUse wire) => new(
        Word(wire.Id, "break_glass.id"), Time(wire.Time), wire.UserId, Word(wire.SudoUser, "break_glass.sudo_user"),
        Word(wire.Command, "break_glass.command"),
        Printable.Clean(wire.Outcome[..Math.Min(wire.Outcome.Length, MaxMessage)]));

    public static PersonaSwitch ReadSwitch(V1.SwitchReport wire)
    {
        try
        {
            return SwitchReportReader.Read(wire);
        }
        catch (FormatException wrong)
        {
            throw Invalid(wrong.Message);
        }
    }

    /// <summary>A generation, with room above it for all that the controller may give.</summary>
    public static long Generation(ulong value, string field) =>
        value <= 1UL << 62 ? (long)value : throw Invalid($"{field} is out of range.");

    /// <summary>A count or a revision, which fits the store's signed 64 bits.</summary>
    public static long Number(ulong value, string field) =>
        value <= long.MaxValue ? (long)value : throw Invalid($"{field} is out of range.");

    public static IReadOnlyList<ProcessReport> ReadProcesses(V1.ActivityBatch batch) =>
        [.. batch.Processes.Select(ReadProcess)];

    private static ProcessReport ReadProcess(V1.ProcessEvent wire)
    {
        var time = Time(wire.Time);
        if (wire.KindCase == V1.ProcessEvent.KindOneofCase.Exited)
        {
            return new ProcessReport(time, wire.Exited.Pid, null, "");
        }

        if (wire.KindCase != V1.ProcessEvent.KindOneofCase.Started)
        {
            throw Invalid("A process event is neither a start nor an exit.");
        }

        var started = wire.Started;
        var image = new ProcessImage(
            Text(started.Path, MaxPath, "path"), Text(started.Executable, MaxPath, "executable"), started.UserId,
            Text(started.UserName, MaxWord, "user_name"))
        {
            Parent = started.ParentPath.Length + started.ParentExecutable.Length == 0
                ? null
                : new ParentImage(
                    Text(started.ParentPath, MaxPath, "parent_path"),
                    Text(started.ParentExecutable, MaxPath, "parent_executable")),
        };
        var start = started.Kind switch
        {
            V1.StartKind.Exec => "exec",
            V1.StartKind.Fork => "fork",
            V1.StartKind.Running => "running",
            _ => throw Invalid("A process start has no kind."),
        };
        return new ProcessReport(time, started.Pid, new VmProcess(started.Pid, started.ParentPid, image, time), start);
    }

    /// <summary>Text that is only shown, to people and on terminals.</summary>
    private static string Word(string text, string field) => Printable.Clean(Text(text, MaxWord, field));

    /// <summary>Text that is compared, as it is.</summary>
    private static string Text(string text, int max, string field) =>
        text.Length <= max ? text : throw Invalid($"{field} is longer than {max} characters.");

    private static DateTimeOffset Time(Timestamp? wire)
    {
        try
        {
            return wire?.ToDateTimeOffset() ?? DateTimeOffset.UnixEpoch;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw Invalid("A time is out of range.");
        }
    }

    private static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
